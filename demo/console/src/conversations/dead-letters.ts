import { byId, make, show } from "../dom.js";
import { fetchDeadLetters, publishPoison, settleDeadLetter } from "./api.js";
import type { DeadLetterNote } from "./wire.js";

/** What changes within so long is asked for together. */
const AFTER_MS = 250;

/** The records that consumers gave up on, and what can be done about them. */
export class DeadLettersView {
  readonly #list = byId("dead-letters", HTMLOListElement);
  readonly #answer = byId("dead-letters-answer", HTMLParagraphElement);
  #timer: number | undefined;

  constructor() {
    byId("poison", HTMLButtonElement).addEventListener("click", () => {
      this.#tell("");
      publishPoison().catch(() => this.#tell("The demo did not answer."));
    });
  }

  refreshSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      fetchDeadLetters().then(
        (letters) => this.#render(letters),
        () => undefined,
      );
    }, AFTER_MS);
  }

  #render(letters: readonly DeadLetterNote[]): void {
    this.#list.replaceChildren(
      ...letters.map((letter) => this.#itemOf(letter)),
    );
    byId("dead-letters-count", HTMLSpanElement).textContent = String(
      letters.length,
    );
    show(byId("dead-letters-empty", HTMLElement), letters.length === 0);
  }

  #itemOf(letter: DeadLetterNote): HTMLLIElement {
    const { id, topic, type, group, attempts, reason, error } = letter;
    const at = new Date(letter.failedAtMs);
    return make(
      "li",
      {},
      make(
        "p",
        {},
        make("strong", {}, reason),
        ` ${type} of ${topic}, given up at ${at.toLocaleTimeString("en-GB")}`,
      ),
      make("p", { class: "quiet" }, error),
      make("code", {}, `${id} · ${group} · attempts ${attempts}`),
      make(
        "div",
        { class: "buttons" },
        this.#button("Replay", "replay", id),
        this.#button("Drop", "drop", id),
      ),
    );
  }

  #button(
    label: string,
    what: "replay" | "drop",
    id: string,
  ): HTMLButtonElement {
    const button = make("button", { type: "button" }, label);
    button.setAttribute("aria-label", `${label} ${id}`);
    button.addEventListener("click", () => {
      button.disabled = true;
      settleDeadLetter(what, id)
        .then(
          (answer) => this.#tell(`${id}: ${answer}`),
          () => this.#tell("The demo did not answer."),
        )
        .finally(() => this.refreshSoon());
    });
    return button;
  }

  #tell(text: string): void {
    this.#answer.textContent = text;
  }
}
