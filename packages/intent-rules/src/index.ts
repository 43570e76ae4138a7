export { amountsIn, minorDigits } from "./amounts.js";
export { intentLanguages, intentNames } from "./intent.js";
export type { Intent, IntentLanguage, IntentName, Slots } from "./intent.js";
export { intentByRules, languageOfText } from "./rules.js";
