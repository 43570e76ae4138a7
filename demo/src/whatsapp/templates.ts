import type { Choice } from "../../console/src/whatsapp/wire.js";

/** A template that Meta approved, in one language. */
export interface Template {
  readonly name: string;
  readonly language: string;
  /** `{{1}}`, `{{2}}`, … stand for the parameters of the body. */
  readonly body: string;
  readonly buttons: readonly string[];
  /** Of the category that a person can switch off. */
  readonly isMarketing: boolean;
}

/** What the demo's businesses may say to people who have not written lately. */
const approved: readonly Template[] = [
  {
    name: "we_have_news",
    language: "en_US",
    body: "Hello, the spare parts desk has news for you. Answer here and we will tell you.",
    buttons: ["Tell me"],
    isMarketing: false,
  },
  {
    name: "nous_avons_des_nouvelles",
    language: "fr",
    body: "Bonjour, le comptoir des pièces auto a des nouvelles pour vous. Répondez ici et nous vous les dirons.",
    buttons: ["Dites-moi"],
    isMarketing: false,
  },
  {
    name: "this_weeks_offer",
    language: "en_US",
    body: "This week {{1}} cost only {{2}} at the spare parts desk.",
    buttons: ["I want one", "Stop promotions"],
    isMarketing: true,
  },
];

export function findTemplate(
  name: string,
  language: string,
): Template | undefined {
  return approved.find((one) => one.name === name && one.language === language);
}

/** The text of a template with its parameters; undefined when their number is wrong. */
export function filled(
  { body }: Template,
  parameters: readonly string[],
): string | undefined {
  const wanted = new Set(body.match(/\{\{\d+\}\}/g)).size;
  if (wanted !== parameters.length) return undefined;
  return body.replace(
    /\{\{(\d+)\}\}/g,
    (_place, number: string) => parameters[Number(number) - 1] ?? "",
  );
}

/** A template's quick replies; Meta's payload is the text unless told. */
export function choicesOf({ buttons }: Template): Choice[] {
  return buttons.map((title) => ({ id: title, title }));
}
