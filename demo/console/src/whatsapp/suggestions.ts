import type { Language } from "../wire.js";

/** What is worth trying, as a person of each language would write it. */
export const chatSuggestions: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "I need brake pads in Remera",
    "How much is a clutch cable?",
    "I want to pay 5000 francs",
    "Call me please",
    "STOP",
    "START",
  ],
  fr: [
    "Je cherche des plaquettes de frein à Remera",
    "Je voudrais payer 5000 francs",
    "Appelez-moi s'il vous plaît",
    "ARRÊT",
    "REPRENDRE",
  ],
  rw: [
    "Nkeneye feri i Remera",
    "Ndashaka kwishyura 5000",
    "Mpamagara",
    "HAGARIKA",
    "TANGIRA",
  ],
  sw: [
    "Ninatafuta breki huko Remera",
    "Nataka kulipa 5000",
    "Nipigie simu",
    "ACHA",
    "ANZA",
  ],
};
