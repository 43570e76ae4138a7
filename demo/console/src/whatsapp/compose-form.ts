import { byId, make } from "../dom.js";
import type { Language } from "../wire.js";
import { chatSuggestions } from "./suggestions.js";

/** What a person sends from their telephone. */
export interface ComposeActions {
  write(text: string): void;
  speak(text: string): void;
  shareLocation(): void;
}

/** Where a message is written. */
export class ComposeForm {
  readonly #words = byId("message", HTMLTextAreaElement);
  readonly #suggestions = byId("chat-suggestions", HTMLUListElement);
  readonly #actions: ComposeActions;

  constructor(actions: ComposeActions) {
    this.#actions = actions;
    byId("compose", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take((text) => actions.write(text));
    });
    this.#words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#take((text) => actions.write(text));
    });
    byId("voice-note", HTMLButtonElement).addEventListener("click", () =>
      this.#take((text) => actions.speak(text)),
    );
    byId("location", HTMLButtonElement).addEventListener("click", () =>
      actions.shareLocation(),
    );
  }

  focus(): void {
    this.#words.focus();
  }

  suggest(language: Language): void {
    this.#words.lang = language;
    this.#suggestions.replaceChildren(
      ...chatSuggestions[language].map((text) => {
        const button = make("button", { type: "button", lang: language }, text);
        button.addEventListener("click", () => this.#actions.write(text));
        return make("li", {}, button);
      }),
    );
  }

  #take(send: (text: string) => void): void {
    const text = this.#words.value.trim();
    if (text === "") {
      this.#words.focus();
      return;
    }
    this.#words.value = "";
    send(text);
  }
}
