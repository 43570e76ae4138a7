import type { Language } from "./wire.js";

/** What is worth trying, as a caller of each language would say it. */
export const suggestions: Readonly<Record<Language, readonly string[]>> = {
  en: [
    "I need brake pads in Remera",
    "I want to pay 5000 francs",
    "Can I talk to a person?",
    "Stop calling me",
  ],
  fr: [
    "Je cherche des plaquettes de frein à Remera",
    "Je voudrais payer 5000 francs",
    "Je veux parler à une personne",
    "Ne m'appelez plus",
  ],
  rw: [
    "Nkeneye feri i Remera",
    "Ndashaka kwishyura 5000",
    "Ndashaka kuvugana n'umuntu",
    "Ntuzongere kumpamagara",
  ],
  sw: [
    "Ninatafuta breki huko Remera",
    "Nataka kulipa 5000",
    "Nataka kuzungumza na mtu",
    "Usinipigie tena",
  ],
};
