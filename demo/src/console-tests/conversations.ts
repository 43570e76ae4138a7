import { expect } from "@jest/globals";
import type { World } from "../testing/world.js";

export function conversationStories(world: World): void {
  world.story(
    "has one time line for WhatsApp and calls, with what was done and under which key",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000601" });
      await console.write("I need brake pads in Remera");
      await console.line(/we found:/).waitFor();
      await console.show("Telephone");
      await console.call("+250788000601");
      await page.getByRole("button", { name: /^Hang up/ }).click();
      await console.callIsOver();
      await console.choosesPerson("+250788000601");
      const moments = page
        .getByRole("list", { name: "Time line" })
        .getByRole("listitem");
      for (const moment of [
        /WhatsAppPerson: I need brake pads in Remera/,
        /platformWants: order/,
        /platformRanking: \d offers were forwarded/,
        /telephoneCall: from \+250788000601/,
        /telephoneCall: ended/,
      ])
        await moments.filter({ hasText: moment }).first().waitFor();
      await page.getByRole("tab", { name: "Effects" }).click();
      const effects = page
        .getByRole("list", { name: "Effects, newest first" })
        .locator("summary");
      for (const kind of ["know_lead", "rank", "register_buyer", "reserve"])
        await effects
          .filter({ hasText: new RegExp(`${kind}done[0-9a-f-]{36}$`) })
          .first()
          .waitFor();
      await page.getByRole("tab", { name: "State" }).click();
      expect(
        await page.getByLabel("State as it is stored").innerText(),
      ).toContain('"phone": "+250788000601"');
    },
  );

  world.story(
    "is ranked vendors with their reasons, and has money that a reservation holds",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000602" });
      await console.write("I need brake pads in Remera");
      await console.line(/we found:/).waitFor();
      await console.choosesPerson("+250788000602");
      await page.getByRole("tab", { name: "Ranking" }).click();
      const best = page.locator(".ranking ol > li").first();
      await best.getByText(/^Is in Remera/).waitFor();
      await best.getByText(/score 0\.\d\d/).waitFor();
      await page.getByRole("tab", { name: "Wallet" }).click();
      await page.getByText("RWF 0, of which RWF 0 reserved").waitFor();
      await page.getByLabel("Amount in RWF").fill("20000");
      await page.getByRole("button", { name: "Pay it in" }).click();
      await page.getByText("RWF 20,000, of which RWF 0 reserved").waitFor();
      await page
        .getByRole("row", { name: /RWF 20,000 RWF 20,000 external/ })
        .waitFor();
      await console.show("WhatsApp");
      await console.write("I need a clutch cable in Remera");
      await console.line(/clutch cable.*we found:/).waitFor();
      await console.show("Conversations");
      await page
        .getByText(/^RWF\s20,000, of which RWF\s[1-9][\d,]* reserved$/)
        .waitFor();
    },
  );

  world.story(
    "is asked where, and has the offers ranked anew for the answer",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000605" });
      await console.write("I need brake pads");
      await console.line(/Where do you need it\?/).waitFor();
      await console.line(/we found:/).waitFor();
      await console.write("Remera");
      await console.line(/asking the sellers for .* in Remera/).waitFor();
      await console.choosesPerson("+250788000605");
      await page.getByRole("tab", { name: "Ranking" }).click();
      const best = page.locator(".ranking ol > li").first();
      await best.getByText(/^Is in Remera/).waitFor();
    },
  );

  world.story(
    "hands a conversation to a colleague, who writes and hands it back",
    async (console) => {
      const { page } = console;
      await console.whatsApp({ phone: "+250788000604" });
      await console.write("Can I talk to someone?");
      await console.line(/A colleague takes over/).waitFor();
      await console.choosesPerson("+250788000604");
      await page.getByText(/^With a colleague of sales until/).waitFor();
      const moments = page
        .getByRole("list", { name: "Time line" })
        .getByRole("listitem");
      await moments
        .filter({ hasText: "Handover: to a colleague of sales" })
        .waitFor();
      await page.getByLabel("Write as the colleague").fill("This is Jean.");
      await page.getByRole("button", { name: "Send as the colleague" }).click();
      await moments.filter({ hasText: "Business: This is Jean." }).waitFor();
      await page
        .getByRole("button", { name: "Hand back to the agent" })
        .click();
      await page
        .getByText(/^With a colleague of sales until/)
        .waitFor({ state: "hidden" });
      await console.show("WhatsApp");
      await console.line("This is Jean.").waitFor();
      await console.write("Hello");
      await console.line(/Muraho/).waitFor();
    },
  );

  world.story("asks on WhatsApp to be called, and is", async (console) => {
    const { page } = console;
    await console.whatsApp({ phone: "+250788000603" });
    await console.write("Call me please");
    await page.getByRole("tab", { name: "Telephone rings" }).waitFor();
    await console.show("Telephone");
    await page.getByRole("button", { name: /^Answer/ }).click();
    await console.hears("agent");
    await console.line("Muraho, you are speaking with").waitFor();
  });

  world.story(
    "leaves what nobody can read to the dead letters, where it is played again or dropped",
    async (console) => {
      const { page } = console;
      await page.getByRole("tab", { name: /^Dead letters/ }).click();
      await page.getByRole("button", { name: /nobody can read/ }).click();
      const letters = page
        .getByRole("list", { name: "Dead letters, newest first" })
        .getByRole("listitem");
      const letter = letters.filter({ hasText: "broker-orchestrator" });
      await letter.getByText(/^MalformedRecordError/).waitFor();
      const id = await letter.locator("code").innerText();
      const [place = ""] = id.split(" ");
      await page.getByRole("button", { name: `Replay ${place}` }).click();
      await page
        .getByText(`${place}: It is on whatsapp.inbound again.`)
        .waitFor();
      // It is as unreadable as before, and another letter now.
      await page
        .getByRole("button", { name: `Replay ${place}`, exact: true })
        .waitFor({ state: "detached" });
      await letter.waitFor();
      const again = (await letter.locator("code").innerText()).split(" ")[0];
      expect(again).not.toBe(place);
      await page.getByRole("button", { name: `Drop ${again ?? ""}` }).click();
      await page.getByText(`${again ?? ""}: It was dropped.`).waitFor();
      await letter.waitFor({ state: "detached" });
    },
  );
}
