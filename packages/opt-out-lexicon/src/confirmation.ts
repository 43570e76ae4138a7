import type { Language } from "./language.js";
import { languageOf } from "./language.js";

const OPT_OUT: Readonly<Record<Language, string>> = {
  en: "Understood: we will not call you or message you again.",
  fr: "C'est noté : nous ne vous appellerons plus et ne vous enverrons plus de messages.",
  rw: "Turabyumvise: ntituzongera kuguhamagara cyangwa kukoherereza ubutumwa.",
  sw: "Tumekuelewa: hatutakupigia simu wala kukutumia ujumbe tena.",
};

const OPT_IN: Readonly<Record<Language, string>> = {
  en: "Welcome back: we may call you and message you again.",
  fr: "C'est noté : nous pourrons de nouveau vous appeler et vous écrire.",
  rw: "Urakaza neza nanone: dushobora kongera kuguhamagara no kukoherereza ubutumwa.",
  sw: "Karibu tena: sasa tunaweza kukupigia simu na kukutumia ujumbe.",
};

/**
 * What a person is told who asked not to be contacted: one sentence, to be read
 * or heard.
 *
 * @param language a code or tag (`rw`, `fr-RW`); English for any other
 */
export function optOutConfirmation(language: string): string {
  return OPT_OUT[languageOf(language) ?? "en"];
}

/** What a person is told who asked to be contacted again; see `optOutConfirmation`. */
export function optInConfirmation(language: string): string {
  return OPT_IN[languageOf(language) ?? "en"];
}
