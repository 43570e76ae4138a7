import type { Language } from "./wire.js";

/** One of the four that the console has words for; English for any other. */
export function languageOf(code: string | undefined): Language {
  return code === "fr" || code === "rw" || code === "sw" ? code : "en";
}
