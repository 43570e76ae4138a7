import { byId, make } from "./dom.js";
import { chosenOf } from "./choices.js";
import { languageOf } from "./language.js";
import { suggestions } from "./suggestions.js";
import type { Language } from "./wire.js";

/** What the caller says, typed. */
export class SayForm {
  readonly #form = byId("say", HTMLFormElement);
  readonly #words = byId("words", HTMLTextAreaElement);
  readonly #suggestions = byId("suggestions", HTMLUListElement);
  readonly #say: (text: string, language: Language) => void;

  constructor(say: (text: string, language: Language) => void) {
    this.#say = say;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#speak();
    });
    this.#form.addEventListener("change", () => this.#suggest());
    this.#words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#speak();
    });
    this.#suggest();
  }

  get language(): Language {
    return languageOf(chosenOf(this.#form, "language"));
  }

  /** Starts in the language of whom is called. */
  begin(language: string): void {
    for (const input of this.#form.querySelectorAll<HTMLInputElement>(
      "input[name=language]",
    )) {
      if (input.value === language) input.checked = true;
    }
    this.#words.value = "";
    this.#suggest();
  }

  focus(): void {
    this.#words.focus();
  }

  #speak(): void {
    const text = this.#words.value.trim();
    if (text === "") return;
    this.#words.value = "";
    this.#say(text, this.language);
  }

  #suggest(): void {
    const { language } = this;
    this.#words.lang = language;
    this.#suggestions.replaceChildren(
      ...suggestions[language].map((text) => {
        const button = make("button", { type: "button", lang: language }, text);
        button.addEventListener("click", () => this.#say(text, language));
        return make("li", {}, button);
      }),
    );
  }
}
