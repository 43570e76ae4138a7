import type { Language } from "./types.js";

/** Words that are common in one of the languages and rare in the others. */
const MARKERS: Readonly<Record<Language, readonly string[]>> = {
  en: words(
    "i the a an is are you do for to want need hello hi please how much my me of and have thanks thank bye goodbye what where pay with it can speaking desk stop talk",
  ),
  fr: words(
    "je j le la les un une des du est vous bonjour bonsoir salut merci pour veux voudrais cherche besoin combien s'il plaît et avec payer personne avez ai moi au revoir francs mille ne pas parler quelqu'un",
  ),
  rw: words(
    "muraho mwaramutse mwiriwe bite ndashaka nshaka nkeneye mfite murakoze angahe amafaranga kwishyura umuntu feri moto mu na kuri ni nde kuvugana ntuzongere ntimuzongere kumpamagara murabeho urabeho igiciro ndashaka ibihumbi bitanu amapine mufite nishyure",
  ),
  sw: words(
    "habari jambo hujambo mambo nataka nahitaji natafuta ninataka ninahitaji ninatafuta asante tafadhali kwa ya wa na bei gani pikipiki breki kulipa shilingi elfu mtu kuzungumza kuongea kwaheri usinipigie msinipigie simu tena mna una huko faranga tano",
  ),
};

const KNOWN = new Set<string>(Object.keys(MARKERS));

/** The language of a tag such as `fr-RW`, if the offline model knows it. */
export function knownLanguage(tag: string | undefined): Language | undefined {
  const primary = tag?.toLowerCase().split(/[-_]/)[0];
  return primary !== undefined && isLanguage(primary) ? primary : undefined;
}

/** The language that most of the text's words belong to; undefined when none does, or two do equally. */
export function detectLanguage(text: string): Language | undefined {
  const found = words(text.toLowerCase().replace(/[^\p{L}\p{N}']+/gu, " "));
  const scores = languages()
    .map((language) => ({
      language,
      score: found.filter((word) => MARKERS[language].includes(word)).length,
    }))
    .sort((a, b) => b.score - a.score);
  const [best, second] = scores;
  return best && best.score > 0 && best.score > (second?.score ?? 0)
    ? best.language
    : undefined;
}

function languages(): Language[] {
  return ["en", "fr", "rw", "sw"];
}

function isLanguage(tag: string): tag is Language {
  return KNOWN.has(tag);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
