/** Words of parts as people in Kigali say them, as catalogues write them: Kinyarwanda, French and Swahili to English. */
const translations: Readonly<Record<string, string>> = {
  feri: "brake",
  frein: "brake",
  breki: "brake",
  plaquette: "pad",
  ipine: "tyre",
  ipini: "tyre",
  pneu: "tyre",
  tairi: "tyre",
  tire: "tyre",
  umunyururu: "chain",
  chaine: "chain",
  mnyororo: "chain",
  bateri: "battery",
  batiri: "battery",
  batterie: "battery",
  betri: "battery",
  bougie: "plug",
  buji: "plug",
  indorerwamo: "mirror",
  retroviseur: "mirror",
  kioo: "mirror",
  itara: "light",
  phare: "light",
  taa: "light",
  amavuta: "oil",
  huile: "oil",
  mafuta: "oil",
  kasike: "helmet",
  casque: "helmet",
  kofia: "helmet",
  moteri: "engine",
  moteur: "engine",
  injini: "engine",
  filtre: "filter",
  chujio: "filter",
  cable: "cable",
  umugozi: "cable",
  embrayage: "clutch",
  klatchi: "clutch",
  intebe: "seat",
  siege: "seat",
  kiti: "seat",
};

// Too common to tell one thing from another.
const fillers: ReadonlySet<string> = new Set(
  "a an the of for my me i need want some and to in with new good cheap de la le les du des une un pour et ya y na wa za kwa cha vya n mu ku moto motorcycle motorbike pikipiki part spare".split(
    " ",
  ),
);

/** The words that tell something, without case, accents and plural, as a catalogue in English writes them. Pure. */
export function tellingWords(text: string): string[] {
  const words = text
    .normalize("NFKD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .split(/[^\p{Letter}\p{Number}]+/u)
    .filter((word) => word !== "")
    .map((word) => singular(translations[word] ?? word))
    .map((word) => translations[word] ?? word)
    .filter((word) => !fillers.has(word));
  return [...new Set(words)];
}

/** Whether two words mean the same to a hurried writer: one letter may be wrong in a word of five or more. Pure. */
export function sameWord(one: string, other: string): boolean {
  if (one === other) return true;
  const shortest = Math.min(one.length, other.length);
  if (shortest < 5 || /\d/.test(one + other)) return false;
  return Math.abs(one.length - other.length) <= 1 && differsByOne(one, other);
}

/** "pads" is "pad", "batteries" is "battery"; "glass" stays. */
function singular(word: string): string {
  if (word.length > 4 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith("s") && !word.endsWith("ss")
    ? word.slice(0, -1)
    : word;
}

/** One letter replaced, added or left out. */
function differsByOne(one: string, other: string): boolean {
  const [short, long] =
    one.length <= other.length ? [one, other] : [other, one];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  const rest = short.length === long.length ? at + 1 : at;
  return short.slice(rest) === long.slice(at + 1);
}
