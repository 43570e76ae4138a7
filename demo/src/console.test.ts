import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import type { RunningService } from "@easymo/service-kit";
import { silence, tone } from "@easymo/telephone-audio";
import type { Browser } from "playwright-core";
import {
  ConsolePage,
  startBrowser,
  startDemo,
} from "./testing/running-demo.js";

const A_CALL_MS = 90_000;

let demo: RunningService;
let browser: Browser;
const pages: ConsolePage[] = [];

async function open(
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<ConsolePage> {
  const opened = await ConsolePage.open(browser, demo.url, options);
  pages.push(opened);
  return opened;
}

beforeAll(async () => {
  const microphone = Buffer.concat([
    tone({ hz: 300, durationMs: 1200 }),
    silence(3000),
  ]);
  [demo, browser] = await Promise.all([startDemo(), startBrowser(microphone)]);
}, 60_000);

afterEach(async () => {
  for (const opened of pages.splice(0)) {
    expect(opened.errors).toEqual([]);
    await opened.close();
  }
});

afterAll(async () => {
  await browser.close();
  await demo.close();
});

describe("someone who calls", () => {
  test(
    "hears the greeting, pays by a code that is read out and shown, and hangs up",
    async () => {
      const console = await open();
      await console.call("+250788000101");
      await console.line("Muraho, you are speaking with").waitFor();
      await console.say("I want to pay 5000 francs");
      await console.hears("caller");
      await console.line("I want to pay 5000 francs").waitFor();
      await console.line("*182*8*1*400200*5000#").waitFor();
      await console.hears("agent");
      const reading = console.line(/^AgentTo pay 5,000 .*eight, two/);
      await reading.waitFor();
      expect(await reading.locator("s").count()).toBe(0);
      await console.page.getByRole("button", { name: /^Hang up/ }).click();
      await console.callIsOver();
      await console.line("You hung up.").waitFor();
      expect(await console.page.locator("#turn-bars li").count()).toBe(1);
    },
    A_CALL_MS,
  );

  test(
    "interrupts the agent, who falls silent; what was not heard is struck out",
    async () => {
      const console = await open();
      await console.call("+250788000102");
      await console.page.getByText("0:02", { exact: true }).waitFor();
      await console.page.getByRole("button", { name: /^Interrupt/ }).click();
      await console.hears("caller");
      const cut = console.line("Muraho").locator("s");
      await cut.waitFor();
      await console.hearsNothing("agent");
      const [greeting, unheard] = await Promise.all([
        console.line("Muraho").innerText(),
        cut.innerText(),
      ]);
      expect(greeting).toMatch(/^Agent\s+Muraho/);
      expect(unheard).not.toMatch(/Muraho/);
      expect(greeting.endsWith(unheard)).toBe(true);
      await console.line("Wait, please.").waitFor();
    },
    A_CALL_MS,
  );

  test(
    "opts out in words; the agent confirms, hangs up, and may not call again",
    async () => {
      const console = await open();
      await console.call("+250788000103");
      await console.say("Stop calling me");
      await console.line("Opted out by saying").waitFor();
      await console.line("we will not call you").waitFor();
      await console.callIsOver();
      await console.page.getByRole("tab", { name: /^Opt-outs/ }).click();
      await console.page.getByRole("cell", { name: "+250788000103" }).waitFor();
      await console.page
        .getByRole("button", { name: "Have the agent call me" })
        .click();
      const answer = console.page.locator("#dial-answer");
      await answer.filter({ hasText: /^409/ }).waitFor();
      expect(await answer.innerText()).toMatch(/opted out/);
    },
    A_CALL_MS,
  );

  test(
    "speaks French with the French desk",
    async () => {
      const console = await open();
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
    },
    A_CALL_MS,
  );

  test(
    "is put through to a person who was asked for",
    async () => {
      const console = await open();
      await console.call("+250788000105");
      await console.say("Can I talk to a person?");
      await console.line("Transferred to +250788000009").waitFor();
      await console.page.getByText("Connected with +250788000009").waitFor();
    },
    A_CALL_MS,
  );

  test(
    "speaks through the microphone",
    async () => {
      const console = await open();
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
    },
    A_CALL_MS,
  );

  test(
    "is told when a number is not in service",
    async () => {
      const console = await open();
      await console.page
        .getByLabel("Number", { exact: true })
        .fill("+250780009999");
      await console.page.getByRole("button", { name: /^Call\b/ }).click();
      await console.line("This number is not in service.").waitFor();
      await console.hears("agent");
      await console.callIsOver();
    },
    A_CALL_MS,
  );
});

test(
  "an agent calls when asked to; the telephone rings and is answered",
  async () => {
    const console = await open();
    await console.page.getByLabel("Your own number").fill("+250788000107");
    await console.page
      .getByRole("button", { name: "Have the agent call me" })
      .click();
    await console.page.getByText("sales is calling you").waitFor();
    await console.page.getByRole("button", { name: /^Answer/ }).click();
    await console.hears("agent");
    await console.line("Muraho, you are speaking with").waitFor();
  },
  A_CALL_MS,
);

test(
  "everything can be done from the keyboard",
  async () => {
    const console = await open();
    const { keyboard } = console.page;
    await keyboard.press("?");
    const help = console.page.getByRole("dialog", { name: "Keys" });
    await help.waitFor();
    await keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
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
  },
  A_CALL_MS,
);

test(
  "events are filtered by topic and by word, and each shows its headers and data",
  async () => {
    const console = await open();
    const { page } = console;
    await console.call("+250788000108");
    await page.getByRole("button", { name: /^Hang up/ }).click();
    await console.callIsOver();
    await page.getByLabel("Topic").selectOption("voice.contact.events");
    await page.getByLabel("Find").fill("call.stop +250788000108");
    const stop = page.getByRole("button", { name: /call\.stop/ });
    await stop.waitFor();
    expect(await page.locator("#events button").count()).toBe(1);
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
  A_CALL_MS,
);

test.each([
  ["a narrow screen", { viewport: { width: 360, height: 740 } }],
  ["a tablet", { viewport: { width: 820, height: 1100 } }],
])("the page fits %s, during a call too", async (_what, options) => {
  const console = await open(options);
  const overflow = () =>
    console.page.evaluate(
      "document.documentElement.scrollWidth - window.innerWidth",
    );
  expect(await overflow()).toBe(0);
  await console.call("+250788000109");
  expect(await overflow()).toBe(0);
});

test("a page that is dark where the person wants it dark", async () => {
  const backgrounds = await Promise.all(
    (["light", "dark"] as const).map(async (colorScheme) => {
      const console = await open({ colorScheme });
      return console.page.evaluate(
        "getComputedStyle(document.body).backgroundColor",
      );
    }),
  );
  expect(backgrounds).toEqual(["rgb(247, 246, 243)", "rgb(18, 19, 18)"]);
});
