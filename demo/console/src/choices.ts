import { make } from "./dom.js";

const languageNames = new Intl.DisplayNames("en", { type: "language" });

/** What one of several addresses to reach is shown as. */
export interface AddressChoice {
  readonly value: string;
  readonly agent: string;
  readonly about: string;
  readonly address: string;
}

/** A radio button that looks like a card. */
export function addressChoice(
  name: string,
  { value, agent, about, address }: AddressChoice,
  onChoose: () => void,
): HTMLLabelElement {
  const input = make("input", { type: "radio", name, value });
  input.addEventListener("change", onChoose);
  return make(
    "label",
    {},
    input,
    make(
      "span",
      {},
      make("strong", {}, agent),
      make("small", {}, about),
      make("small", { class: "number" }, address),
    ),
  );
}

/** The tenant, and the language that its agent begins in. */
export function aboutLine(
  tenant: string,
  languages: readonly string[],
): string {
  return `${tenant}, ${languageNames.of(languages[0] ?? "en") ?? ""}`;
}

/** The chosen value of radio buttons. */
export function chosenOf(form: ParentNode, name: string): string | undefined {
  return form.querySelector<HTMLInputElement>(`input[name=${name}]:checked`)
    ?.value;
}
