export { optInConfirmation, optOutConfirmation } from "./confirmation.js";
export type { Detection } from "./detect.js";
export { detectOptIn, detectOptOut } from "./detect.js";
export type { Language } from "./language.js";
export { languageOf, languages } from "./language.js";
