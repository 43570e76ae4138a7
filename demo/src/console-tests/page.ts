import { expect } from "@jest/globals";
import type { World } from "../testing/world.js";

const screens = [
  ["a narrow screen", { width: 360, height: 740 }],
  ["a tablet", { width: 820, height: 1_100 }],
  ["a wide screen", { width: 1_440, height: 900 }],
] as const;

const papers = [
  ["light", "rgb(247, 246, 243)"],
  ["dark", "rgb(18, 19, 18)"],
] as const;

export function pageStories(world: World): void {
  world.story("is all done from the keyboard", async (console) => {
    const { keyboard } = console.page;
    await console.page.getByLabel("Your own number").fill("+250788000301");
    await keyboard.press("Escape");
    await keyboard.press("?");
    const help = console.page.getByRole("dialog", { name: "Keys" });
    await help.waitFor();
    await keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
    await keyboard.press("w");
    await console.page.getByText("online", { exact: true }).waitFor();
    await keyboard.press("/");
    await console.page.locator("#message:focus").waitFor();
    await keyboard.type("Muraho");
    await keyboard.press("Enter");
    await console.taken("Muraho");
    await keyboard.press("Escape");
    await keyboard.press("c");
    await console.hears("agent");
    await console.page.locator("#words:focus").waitFor();
    await keyboard.type("I need brake pads in Remera");
    await keyboard.press("Enter");
    await console.line(/^AgentI have noted that you need brake pads/).waitFor();
    await keyboard.press("Escape");
    await keyboard.press("5");
    await console.line("Pressed 5").waitFor();
    await keyboard.press("h");
    await console.line("You hung up.").waitFor();
    await console.page.locator("#place-call:focus").waitFor();
    const tab = console.page.getByRole("tab", { name: "Conversations" });
    await console.page.getByRole("tab", { name: /^Telephone/ }).focus();
    await keyboard.press("ArrowLeft");
    expect(await tab.getAttribute("aria-selected")).toBe("true");
  });

  world.story(
    "filters events by topic and by word, and shows the headers and data of each",
    async (console) => {
      const { page } = console;
      await console.call("+250788000108");
      await page.getByRole("button", { name: /^Hang up/ }).click();
      await console.callIsOver();
      await page.getByLabel("Topic").selectOption("voice.contact.events");
      const found = await console.events("call.stop +250788000108");
      const stop = page.getByRole("button", { name: /call\.stop/ });
      await stop.waitFor();
      expect(await found.count()).toBe(1);
      await stop.focus();
      await page.keyboard.press("Enter");
      const detail = page.getByRole("region", { name: "call.stop" });
      await detail.waitFor();
      expect(await detail.innerText()).toContain("ce_tenantid");
      expect(await detail.getByLabel("Data").innerText()).toContain(
        '"reason": "caller_hangup"',
      );
      await page.keyboard.press("Escape");
      await detail.waitFor({ state: "hidden" });
    },
  );

  screens.forEach(([what, viewport], at) =>
    world.story(
      `fits ${what}, on every channel and during a call`,
      async (console) => {
        const overflow = () =>
          console.page.evaluate(
            "document.documentElement.scrollWidth - window.innerWidth",
          );
        await console.whatsApp({ phone: `+25078800031${at}` });
        await console.write("A word that is long: " + "x".repeat(120));
        await console.taken("A word that is long");
        expect(await overflow()).toBe(0);
        await console.show("Conversations");
        await console.choosesPerson(`+25078800031${at}`);
        expect(await overflow()).toBe(0);
        await console.show("SIP");
        await console.page.getByRole("button", { name: /as a batch/ }).click();
        await console.line(/^207/).getByText("Request and answer").click();
        expect(await overflow()).toBe(0);
        await console.show("Telephone");
        expect(await overflow()).toBe(0);
        await console.call(`+25078800031${at}`);
        expect(await overflow()).toBe(0);
      },
      { viewport },
    ),
  );

  for (const [colorScheme, paper] of papers)
    world.story(
      `is ${colorScheme} where the person wants it so`,
      async (console) => {
        expect(
          await console.page.evaluate(
            "getComputedStyle(document.body).backgroundColor",
          ),
        ).toBe(paper);
      },
      { colorScheme },
    );

  world.story("runs nothing that is not the demo's own", async (console) => {
    const response = await console.page.reload();
    expect(response?.headers()["content-security-policy"]).toBe(
      "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    );
    await console.page.getByText("Live", { exact: true }).waitFor();
    expect(
      await console.page.evaluate(
        "[...document.querySelectorAll('*')].filter((element) => [...element.attributes].some(({ name }) => name.startsWith('on') || name === 'style')).length + document.querySelectorAll('script:not([src])').length",
      ),
    ).toBe(0);
  });
}
