import { expect } from "@jest/globals";
import type { World } from "../testing/world.js";

const NEWS = "the spare parts desk has news for you";

export function whatsAppStories(world: World): void {
  world.story(
    "writes and is written to; every tick is told back to the bot",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000501" });
      await console.write("I need brake pads in Remera");
      await console.taken("I need brake pads");
      await console.sentAsBusiness("Text", "Your brake pads are here");
      await console.ticks("Your brake pads are here", "Read");
      const wire = page.getByLabel("Requests between Meta and the bot");
      await page.getByText("Over the wire").click();
      for (const what of ["sent", "delivered", "read"])
        await wire.getByText(`status, ${what} 200`).first().waitFor();
      await wire.getByText("message, text 200").click();
      await wire
        .getByText(/X-Hub-Signature-256: sha256=[0-9a-f]{64}/)
        .filter({ visible: true })
        .waitFor();
      const events = await console.events("message.status +250788000501");
      for (const status of ["accepted", "sent", "delivered", "read"])
        await events.filter({ hasText: status }).first().waitFor();
    },
  );

  world.story(
    "has a telephone that is off: what is sent waits with one tick until it is on",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000502" });
      await console.write("Muraho");
      await console.taken("Muraho");
      await page.getByLabel("The telephone is on").uncheck();
      await console.sentAsBusiness("Text", "While it is off");
      await console.ticks("While it is off", "Sent");
      await page.getByLabel("The telephone is on").check();
      await console.ticks("While it is off", "Read");
    },
  );

  world.story(
    "says STOP and is left alone, by telephone too, until they say START",
    async (console) => {
      await console.whatsApp({ phone: "+250788000503" });
      await console.write("STOP");
      await console.line("we will not call you or message you").waitFor();
      await console.sentAsBusiness("Text", "Buy something");
      const events = await console.events("message.send +250788000503");
      await events.filter({ hasText: "Buy something" }).waitFor();
      await console.show("Telephone");
      await console.isRefusedACall();
      await console.show("WhatsApp");
      await console.write("START");
      await console
        .line(/welcome|again/i)
        .last()
        .waitFor();
      await console.sentAsBusiness("Text", "Your order is ready");
      await console.ticks("Your order is ready", "Read");
      expect(await console.line("Buy something").count()).toBe(0);
    },
  );

  world.story(
    "asks in a call how to pay, and has the code on WhatsApp",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000504" });
      await console.write("Muraho");
      await console.taken("Muraho");
      await console.show("Telephone");
      await console.call("+250788000504");
      await console.say("I want to pay 5000 francs");
      await page.getByRole("tab", { name: "WhatsApp 1" }).waitFor();
      await console.show("WhatsApp");
      await console.ticks(
        "To pay 5,000 RWF, dial *182*8*1*400200*5000#",
        "Read",
      );
    },
  );

  world.story(
    "presses buttons and rows, likes, shares a place, speaks",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000505" });
      await page.getByRole("button", { name: "Location" }).click();
      await console.taken("Location: Kigali");
      await page.getByLabel("Message", { exact: true }).fill("Is it there?");
      await page.getByRole("button", { name: "As a voice note" }).click();
      await console.taken("Is it there?");
      expect(
        await page.evaluate(
          "(async () => { const audio = document.querySelector('#messages audio'); await audio.play(); return audio.duration > 0.3; })()",
        ),
      ).toBe(true);
      await console.sentAsBusiness("Text with buttons", "Shall we keep it?");
      await page.getByRole("button", { name: "Yes, please" }).click();
      await console.taken(/^YouShall we keep it\?Yes, please/);
      await console.sentAsBusiness("Text with a list", "Which shop?");
      await page.locator("summary", { hasText: "Choose a shop" }).click();
      await page.getByRole("button", { name: /^Nyabugogo Spares/ }).click();
      await console.taken(/^YouWhich shop\?Nyabugogo/);
      const shop = console.line(/^BusinessWhich shop/);
      await shop.getByRole("button", { name: "Like this message" }).click();
      await shop.getByRole("img", { name: "You: 👍" }).waitFor();
      for (const kind of ["location", "audio", "interactive", "reaction"]) {
        const words = `message.received "kind":"${kind}" +250788000505`;
        await (await console.events(words)).first().waitFor();
      }
    },
  );

  world.story(
    "is known by a user id alone, and can say stop all the same",
    async (console) => {
      await console.whatsApp({ phone: "", userId: "RW.5001349120865" });
      await console.write("Muraho");
      await console.taken("Muraho");
      await console.sentAsBusiness("Text", "Your order is ready");
      await console.ticks("Your order is ready", "Read");
      await console.write("Hagarika");
      await console.line("ntituzongera kuguhamagara").waitFor();
      const events = await console.events("RW.5001349120865");
      const optOuts = events.filter({ hasText: "message.opt_out" });
      await optOuts.first().waitFor();
      expect(await optOuts.count()).toBe(1);
    },
  );

  world.story(
    "who has not written for a day is sent a template, and answers it",
    async (console) => {
      await console.whatsApp({ phone: "+250788000507" });
      await console.sentAsBusiness("Text", "Nobody asked for this");
      await console.line(NEWS).waitFor();
      await console.line(NEWS).getByRole("button", { name: "Tell me" }).click();
      await console.taken(/Tell me/);
      await console.sentAsBusiness("Text", "Now it can be said");
      await console.ticks("Now it can be said", "Read");
      expect(await console.line("Nobody asked for this").count()).toBe(0);
    },
  );

  world.story(
    "switches offers off in WhatsApp itself, which counts as an opt-out",
    async (console) => {
      await console.whatsApp({ phone: "+250788000508" });
      await console.write("Muraho");
      await console.taken("Muraho");
      await console.page.getByLabel("Wants offers and announcements").uncheck();
      await console.line("we will not call you or message you").waitFor();
      const events = await console.events("+250788000508");
      const optOuts = events.filter({ hasText: "message.opt_out" });
      await optOuts.first().waitFor();
      expect(await optOuts.count()).toBe(1);
    },
  );
}
