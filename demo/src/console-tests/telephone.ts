import { expect } from "@jest/globals";
import type { World } from "../testing/world.js";

export function telephoneStories(world: World): void {
  world.story(
    "hears the greeting, pays by a code that is read out and shown, and hangs up",
    async (console) => {
      await console.call("+250788000101");
      await console.line("Muraho, you are speaking with").waitFor();
      await console.say("I want to pay 5000 francs");
      await console.hears("caller");
      await console.line("I want to pay 5000 francs").waitFor();
      await console.line("*182*8*1*400200*5000#").waitFor();
      await console.stillHears("agent");
      const reading = console.line(/^AgentTo pay 5,000 .*eight, two/);
      await reading.waitFor();
      expect(await reading.locator("s").count()).toBe(0);
      await console.page.getByRole("button", { name: /^Hang up/ }).click();
      await console.callIsOver();
      await console.line("You hung up.").waitFor();
      expect(await console.page.locator("#turn-bars li").count()).toBe(1);
    },
  );

  world.story(
    "interrupts the agent, who falls silent; what was not heard is struck out",
    async (console) => {
      await console.call("+250788000102");
      const reading = console.line(/^AgentTo pay 5,000/);
      const cut = reading.locator("s");
      // A code takes long to read out; who is too late nevertheless asks again.
      for (let asked = 0; (await cut.count()) === 0; asked += 1) {
        expect(asked).toBeLessThan(5);
        await console.say("I want to pay 5000 francs");
        await console.line("*182*8*1*400200*5000#").nth(asked).waitFor();
        await console.page.getByRole("button", { name: /^Interrupt/ }).click();
        await console.understood("Wait, please.").nth(asked).waitFor();
      }
      await console.hearsNothing("agent");
      const [words, unheard] = await Promise.all([
        reading
          .filter({ has: console.page.locator("s") })
          .first()
          .innerText(),
        cut.first().innerText(),
      ]);
      expect(words).toMatch(/^Agent\s+To pay 5,000/);
      expect(unheard).not.toMatch(/To pay 5,000/);
      expect(words.endsWith(unheard)).toBe(true);
    },
  );

  world.story(
    "opts out in words; the agent confirms, hangs up, and may not call again",
    async (console) => {
      await console.call("+250788000103");
      await console.say("Stop calling me");
      await console.line("Opted out by saying").waitFor();
      await console.line("we will not call you").waitFor();
      await console.callIsOver();
      await console.page.getByRole("tab", { name: /^Opt-outs/ }).click();
      await console.page.getByRole("cell", { name: "+250788000103" }).waitFor();
      await console.isRefusedACall();
    },
  );

  world.story("speaks French with the French desk", async (console) => {
    await console.call("+250788000104", /accueil/);
    await console.line("Bonjour, vous êtes au comptoir").waitFor();
    expect(
      await console.page.getByRole("radio", { name: "Français" }).isChecked(),
    ).toBe(true);
    await console.page
      .getByRole("button", { name: "Je voudrais payer 5000 francs" })
      .click();
    await console.line("*182*8*1*400201*5000#").waitFor();
    await console
      .line(/étoile, un, huit, deux/)
      .first()
      .waitFor();
  });

  world.story(
    "is put through to a person who was asked for",
    async (console) => {
      await console.call("+250788000105");
      await console.say("Can I talk to a person?");
      await console.line("Transferred to +250788000009").waitFor();
      await console.page.getByText("Connected with +250788000009").waitFor();
    },
  );

  world.story("speaks through the microphone", async (console) => {
    await console.call("+250788000106");
    await console.line("Muraho, you are speaking with").waitFor();
    const microphone = console.page.getByRole("button", {
      name: /^Microphone/,
    });
    await microphone.click();
    await console.page
      .getByRole("button", { name: /^Microphone/, pressed: true })
      .waitFor();
    await console.hears("caller");
    await console.line(/I heard .* seconds of speech/).waitFor();
  });

  world.story("is told when a number is not in service", async (console) => {
    await console.page
      .getByLabel("Number", { exact: true })
      .fill("+250780009999");
    await console.page.getByRole("button", { name: /^Call\b/ }).click();
    await console.line("This number is not in service.").waitFor();
    await console.hears("agent");
    await console.callIsOver();
  });

  world.story(
    "is called by an agent when they ask for it, and answers",
    async (console) => {
      await console.page.getByLabel("Your own number").fill("+250788000107");
      await console.page
        .getByRole("button", { name: "Have the agent call me" })
        .click();
      await console.page.getByText("sales is calling you").waitFor();
      await console.page.getByRole("button", { name: /^Answer/ }).click();
      await console.hears("agent");
      await console.line("Muraho, you are speaking with").waitFor();
    },
  );
}
