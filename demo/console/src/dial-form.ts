import { askForCall } from "./api.js";
import { aboutLine, addressChoice } from "./choices.js";
import { byId } from "./dom.js";
import { plainNumber } from "./numbers.js";
import type { Line } from "./wire.js";

/** Whom to call, from which number, or by whom to be called. */
export class DialForm {
  readonly #form = byId("dial", HTMLFormElement);
  readonly #to = byId("to", HTMLInputElement);
  readonly #from = byId("from", HTMLInputElement);
  readonly #callMe = byId("call-me", HTMLButtonElement);
  readonly #answer = byId("dial-answer", HTMLParagraphElement);
  readonly #dial: (from: string, to: string) => void;
  #lines: readonly Line[] = [];

  constructor(dial: (from: string, to: string) => void) {
    this.#dial = dial;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.call();
    });
    this.#to.addEventListener("input", () => this.#markLine());
    this.#callMe.addEventListener("click", () => void this.#askForCall());
  }

  /** The numbers that can be dialled; the first one is chosen. */
  offer(lines: readonly Line[]): void {
    this.#lines = lines;
    const fieldset = byId("lines", HTMLFieldSetElement);
    for (const line of lines) fieldset.append(this.#choiceOf(line));
    const first = lines[0];
    if (first !== undefined && this.#to.value === "") {
      this.#to.value = first.address;
    }
    this.#markLine();
  }

  /** Dials what the form says, if it says enough. */
  call(): void {
    if (!this.#form.reportValidity()) return;
    this.tell("");
    this.#dial(this.ownNumber, plainNumber(this.#to.value));
  }

  get ownNumber(): string {
    return plainNumber(this.#from.value);
  }

  tell(text: string): void {
    this.#answer.textContent = text;
  }

  #choiceOf({ address, agent, tenant, languages }: Line): HTMLLabelElement {
    const about = aboutLine(tenant, languages);
    return addressChoice(
      "line",
      { value: address, agent, about, address },
      () => (this.#to.value = address),
    );
  }

  #markLine(): void {
    const to = plainNumber(this.#to.value);
    for (const input of this.#form.querySelectorAll<HTMLInputElement>(
      "input[name=line]",
    )) {
      input.checked = input.value === to;
    }
  }

  async #askForCall(): Promise<void> {
    const line = this.#lines.find(
      (l) => l.address === plainNumber(this.#to.value),
    );
    if (line === undefined) {
      this.tell("Choose one of the numbers above: its agent will call you.");
      return;
    }
    if (!this.#from.reportValidity()) return;
    this.#callMe.disabled = true;
    this.tell(`Asking ${line.agent} to call…`);
    try {
      const { status, title } = await askForCall(
        line,
        plainNumber(this.#from.value),
      );
      this.tell(
        status === 202 ? "You are being called." : `${status}: ${title}`,
      );
    } catch {
      this.tell("The demo did not answer.");
    } finally {
      this.#callMe.disabled = false;
    }
  }
}
