import { until } from "@easymo/testbed";
import type { Browser, Locator, Page } from "playwright-core";

/** For what comes soon, on a machine that has other things to do. */
const PATIENCE_MS = 60_000;

/** From here on a side is speaking, not only on the line. */
const LOUD = 0.2;

/** Notes in the page that a side was loud: words are over before who looks now and then has seen it, on a busy machine. */
const NOTE_LOUDNESS = `
  globalThis.soundsHeard = { agent: false, caller: false };
  new MutationObserver((changes) => {
    for (const { target } of changes)
      for (const side of ["agent", "caller"])
        if (target.id === side + "-level" && Number(target.getAttribute("value")) > ${LOUD})
          globalThis.soundsHeard[side] = true;
  }).observe(document, { subtree: true, attributeFilter: ["value"] });
`;

/** A console that somebody has open, and what they do with it. */
export class ConsolePage {
  readonly page: Page;
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  static async open(
    browser: Browser,
    url: string,
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<ConsolePage> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript({ content: NOTE_LOUDNESS });
    const console = new ConsolePage(await context.newPage());
    await console.page.goto(url);
    await console.page.getByText("Live", { exact: true }).waitFor();
    await console.page.getByRole("radio", { name: /sales/ }).waitFor();
    return console;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  /** All that is to be read on it, for who has to find out what went wrong. */
  text(): Promise<string> {
    return this.page.locator("body").innerText();
  }

  /** Calls whom the form says, and waits until somebody speaks there. */
  async call(from: string, line = /sales/): Promise<void> {
    await this.page.getByRole("radio", { name: line }).check({ force: true });
    await this.page.getByLabel("Your own number").fill(from);
    await this.page.getByRole("button", { name: /^Call\b/ }).click();
    await this.hears("agent");
  }

  async say(text: string): Promise<void> {
    await this.page.getByLabel(/^What you say/).fill(text);
    await this.page.getByRole("button", { name: /^Speak/ }).click();
  }

  /** Resolves when sound of that side has come out of the page since it was last heard. */
  async hears(side: "agent" | "caller"): Promise<void> {
    await until(
      async () =>
        (await this.page.evaluate(`globalThis.soundsHeard.${side}`)) === true,
      { what: `The sound of the ${side}`, timeoutMs: PATIENCE_MS },
    );
    await this.#forget(side);
  }

  /** The same of sound from now on. */
  async stillHears(side: "agent" | "caller"): Promise<void> {
    await this.#forget(side);
    await this.hears(side);
  }

  /** Resolves when nothing of that side is to be heard. */
  async hearsNothing(side: "agent" | "caller"): Promise<void> {
    const meter = this.page.locator(`#${side}-level`);
    await until(async () => Number(await meter.getAttribute("value")) === 0, {
      what: `The silence of the ${side}`,
      timeoutMs: PATIENCE_MS,
    });
  }

  /** A line of the transcript. */
  line(text: string | RegExp): Locator {
    return this.page.getByRole("log").getByRole("listitem").filter({
      hasText: text,
    });
  }

  /** What the caller said, once the model has heard it. */
  understood(text: string): Locator {
    return this.page.locator("#transcript .caller:not(.pending)", {
      hasText: text,
    });
  }

  async show(
    tab: "Telephone" | "WhatsApp" | "SIP" | "Conversations",
  ): Promise<void> {
    await this.page.getByRole("tab", { name: new RegExp(`^${tab}`) }).click();
  }

  /** Looks at the conversation of whoever has that number. */
  async choosesPerson(number: string): Promise<void> {
    await this.show("Conversations");
    await this.page
      .getByRole("list", { name: "People, the latest first" })
      .getByRole("button", { name: number })
      .click();
    await this.page
      .locator("#person-about")
      .filter({ hasText: number })
      .waitFor();
  }

  /** Has a telephone with WhatsApp, with the chat with the first business open. */
  async whatsApp(owner: { phone: string; userId?: string }): Promise<void> {
    await this.show("WhatsApp");
    await this.page.getByLabel("User id").fill(owner.userId ?? "");
    await this.page.getByLabel("WhatsApp number").fill(owner.phone);
    await this.page.getByText("online", { exact: true }).waitFor();
  }

  async write(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.getByRole("button", { name: /^Send/ }).click();
  }

  /** What somebody else has sent to this person on WhatsApp, once it is that far. */
  async sentAsBusiness(kind: string, text: string): Promise<void> {
    const form = this.page.locator("#business-message");
    if (!(await form.isVisible()))
      await this.page.getByText("Send something as the business").click();
    await this.page.getByLabel("Kind").selectOption({ label: kind });
    await this.page.getByLabel("Text", { exact: true }).fill(text);
    await this.page
      .getByRole("button", { name: "Put it on whatsapp.outbound" })
      .click();
  }

  /** Resolves when the bot has this person's message; it may have read it by then. */
  async taken(text: string | RegExp): Promise<void> {
    await this.line(text)
      .getByRole("img", { name: /^(Delivered|Read)$/ })
      .first()
      .waitFor();
  }

  /** Resolves when the message has these ticks. */
  async ticks(text: string | RegExp, ticks: string): Promise<void> {
    await this.line(text)
      .getByRole("img", { name: ticks, exact: true })
      .first()
      .waitFor();
  }

  /** The events that are shown of those that have these words. */
  async events(words: string): Promise<Locator> {
    await this.page.getByLabel("Find").fill(words);
    return this.page.locator("#events button");
  }

  /** Has the agent asked to call the number that the page has, which is refused. */
  async isRefusedACall(): Promise<void> {
    await this.page
      .getByRole("button", { name: "Have the agent call me" })
      .click();
    await this.page
      .locator("#dial-answer")
      .filter({ hasText: /^409.*opted out/ })
      .waitFor();
  }

  /** The dialling form is back: the call is over. */
  async callIsOver(): Promise<void> {
    await this.page.getByRole("button", { name: /^Call\b/ }).waitFor();
  }

  #forget(side: "agent" | "caller"): Promise<unknown> {
    return this.page.evaluate(`globalThis.soundsHeard.${side} = false`);
  }
}
