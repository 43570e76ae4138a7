import { aboutLine, addressChoice, chosenOf } from "../choices.js";
import { byId } from "../dom.js";
import { languageOf } from "../language.js";
import { plainNumber } from "../numbers.js";
import type { Language } from "../wire.js";
import type { Business, Owner } from "./wire.js";

/** Whose telephone it is, and whom they write to. */
export class OwnerForm {
  readonly #form = byId("owner", HTMLFormElement);
  readonly #name = byId("owner-name", HTMLInputElement);
  readonly #phone = byId("owner-phone", HTMLInputElement);
  readonly #userId = byId("owner-user-id", HTMLInputElement);
  readonly #answer = byId("owner-answer", HTMLParagraphElement);
  readonly #onChange: () => void;
  #businesses: readonly Business[] = [];

  constructor(onChange: () => void, onLanguage: () => void) {
    this.#onChange = onChange;
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    for (const input of [this.#name, this.#userId])
      input.addEventListener("change", onChange);
    for (const input of this.#form.querySelectorAll("[name=chat-language]"))
      input.addEventListener("change", onLanguage);
  }

  /** Who can be written to; the first one is chosen. */
  offer(businesses: readonly Business[]): void {
    this.#businesses = businesses;
    const fieldset = byId("businesses", HTMLFieldSetElement);
    for (const business of businesses) {
      const { id, agent, tenant, languages } = business;
      const about = aboutLine(tenant, languages);
      fieldset.append(
        addressChoice(
          "business",
          { value: id, agent, about, address: id },
          () => this.#choose(business),
        ),
      );
    }
    const first = fieldset.querySelector("input");
    if (first !== null) first.checked = true;
    this.#onChange();
  }

  get business(): Business | undefined {
    const id = chosenOf(this.#form, "business");
    return this.#businesses.find((business) => business.id === id);
  }

  get owner(): Owner {
    const phone = plainNumber(this.#phone.value);
    const userId = this.#userId.value.trim();
    return {
      name: this.#name.value.trim(),
      phone: phone === "" ? undefined : phone,
      userId: userId === "" ? undefined : userId,
    };
  }

  /** By what a business reaches them. */
  get address(): string {
    const { phone, userId } = this.owner;
    return phone ?? userId ?? "";
  }

  get language(): Language {
    return languageOf(chosenOf(this.#form, "chat-language"));
  }

  tell(text: string): void {
    this.#answer.textContent = text;
  }

  #choose({ languages }: Business): void {
    const language = languages[0] ?? "en";
    const input = this.#form.querySelector<HTMLInputElement>(
      `[name=chat-language][value="${language}"]`,
    );
    if (input !== null) {
      input.checked = true;
      input.dispatchEvent(new Event("change"));
    }
    this.#onChange();
  }
}
