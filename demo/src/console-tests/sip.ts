import { expect } from "@jest/globals";
import type { World } from "../testing/world.js";

export function sipStories(world: World): void {
  world.story(
    "are taken once: a repeat is answered as before, another body under the key is refused",
    async (console) => {
      const { page } = console;
      await console.show("SIP");
      await page.getByLabel("Call-ID").fill("once@proxy.example");
      await page.getByRole("button", { name: "ringing", exact: true }).click();
      await console.line(/^202/).waitFor();
      await page.getByRole("button", { name: "Repeat the last" }).click();
      const repeat = console.line("Idempotency-Replayed: true");
      await repeat.waitFor();
      expect(await repeat.locator("strong").innerText()).toBe("202");
      await page.getByRole("button", { name: "Same key, other body" }).click();
      const refused = console.line(/^422/);
      await refused.getByText("Request and answer").click();
      await refused.getByText("The key belongs to another body").waitFor();
      await page.getByLabel("Topic").selectOption("voice.sip.events");
      const events = await console.events("once@proxy.example");
      await page.getByRole("button", { name: /sip\.ringing/ }).waitFor();
      expect(await events.count()).toBe(1);
    },
  );

  world.story(
    "of a whole call come as a batch that is answered one by one",
    async (console) => {
      const { page } = console;
      await console.show("SIP");
      await page.getByRole("button", { name: /as a batch/ }).click();
      const answer = console.line(/^207/);
      await answer.getByText("Request and answer").click();
      const answers = await answer.locator("pre").last().innerText();
      expect(answers.match(/"status": 202/g)).toHaveLength(5);
      const callId = await page.getByLabel("Call-ID").inputValue();
      const events = await console.events(callId);
      for (const type of [
        "sip.ringing",
        "sip.connected",
        "sip.audio",
        "sip.dtmf",
        "sip.ended",
        "call.stop",
      ])
        await events.filter({ hasText: type }).waitFor();
    },
  );

  world.story(
    "need their tenant's token, and a digit that a telephone has",
    async (console) => {
      const { page } = console;
      await console.show("SIP");
      await page.getByRole("button", { name: /nobody’s/ }).click();
      await console.line(/^401/).waitFor();
      await page.getByLabel("Digit of a dtmf event").fill("x");
      await page.getByRole("button", { name: "dtmf", exact: true }).click();
      await page.locator("#sip-digit:invalid").waitFor();
      await page.getByLabel("Digit of a dtmf event").fill("#");
      await page.getByRole("button", { name: "dtmf", exact: true }).click();
      await console.line(/^202dtmf/).waitFor();
      expect(await console.line("dtmf").count()).toBe(1);
    },
  );
}
