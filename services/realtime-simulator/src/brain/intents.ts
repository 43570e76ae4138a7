import { type Amount, amountIn } from "./amounts.js";
import type { Language } from "./types.js";

/** What a caller wants, as far as the offline model understands it. */
export type Intent =
  | { readonly name: "greeting" }
  | {
      readonly name: "find_part" | "ask_price";
      readonly item?: string;
      readonly place?: string;
    }
  | { readonly name: "pay"; readonly amount?: Amount }
  | { readonly name: "human" }
  | { readonly name: "opt_out" }
  | { readonly name: "repeat" }
  | { readonly name: "goodbye" }
  | { readonly name: "unknown" };

interface Pattern {
  readonly optOut: RegExp;
  readonly human: RegExp;
  readonly pay: RegExp;
  readonly price: RegExp;
  /** What comes after a match is the part. */
  readonly find: RegExp;
  /** What comes after a match is the place. */
  readonly place: RegExp;
  readonly repeat: RegExp;
  readonly goodbye: RegExp;
  readonly greeting: RegExp;
}

const PATTERNS: Readonly<Record<Language, Pattern>> = {
  en: {
    optOut:
      /\b(?:stop calling|(?:do not|don't|never) call(?: me)?(?: again)?|remove me|unsubscribe|opt(?: me)? out)\b/,
    human:
      /\b(?:(?:talk|speak|connect|transfer|put)\b.*\b(?:person|human|someone|somebody|agent|operator|manager|colleague)|real person|a human)\b/,
    pay: /\b(?:pay|payment)\b/,
    price: /\b(?:how much|what(?:'s| is) the price|price|cost)\b/,
    find: /\b(?:need|looking for|look for|searching for|search for|want|would like|buy|get|do you have|have you got|find)\b(?: to (?:buy|get|find|order))?(?: me)?(?: (?:some|any|a|an|the))?/,
    place: /\b(?:in|at|near|around|from)\b/,
    repeat: /\b(?:repeat|say (?:that|it) again|pardon|once more)\b/,
    goodbye: /\b(?:bye|goodbye|that's all|that is all|nothing else)\b/,
    greeting: /\b(?:hello|hi|hey|good (?:morning|afternoon|evening))\b/,
  },
  fr: {
    optOut:
      /(?:ne m'appele[zr] plus|arrête[zr]? de m'appeler|ne (?:me )?(?:rappele[zr]|téléphone[zr]) plus|désinscri)/,
    human:
      /(?:parler|passe[zr]|transfér).*(?:personne|quelqu'un|humain|conseiller|responsable|collègue|agent)/,
    pay: /\b(?:payer|paiement|paie|règler|régler)\b/,
    price: /(?:combien|\bprix\b|coûte)/,
    find: /(?:j'ai besoin|je cherche|il me faut|je (?:veux|voudrais)(?: acheter)?|ave[zr]-?\s?vous|vous ave[zr])(?: (?:de l'|de la|du|des|de|d'|une|un|les|la|le))?/,
    place: /(?<!\p{L})(?:à|au|dans|près de|vers)(?!\p{L})/u,
    repeat: /(?:répéte|répète|redi(?:s|re|tes)|encore une fois)/,
    goodbye: /(?:au revoir|c'est tout|à bientôt|rien d'autre)/,
    greeting: /(?<!\p{L})(?:bonjour|bonsoir|salut|allô|allo)(?!\p{L})/u,
  },
  rw: {
    optOut:
      /(?:nti?(?:mu|u)zongere ku(?:m|n)?pamagara|ntuzongere kumpamagara|ntimuzongere kumpamagara|mureke kumpamagara|reka kumpamagara|munkure)/,
    human:
      /(?:kuvugana|kuvugisha|mumpuze|mpuza|unyihereze).*(?:umuntu|umukozi|umuyobozi|uwundi)/,
    pay: /(?:kwishyura|ndishyura|nishyure|nishyura|kubishyura)/,
    price: /(?:angahe|igiciro|bigura|igura)/,
    find: /\b(?:nkeneye|ndashaka|nshaka|ndimo gushaka|mufite|murafite)\b(?: (?:kugura|kubona))?/,
    place: /\b(?:muri|mu|i|kuri|hafi ya|ku)\b/,
    repeat: /(?:subiramo|musubiremo|ongera|mwongere)/,
    goodbye: /(?:murabeho|urabeho|ni ibyo|nta kindi|ijoro ryiza)/,
    greeting: /\b(?:muraho|mwaramutse|mwiriwe|bite|amakuru)\b/,
  },
  sw: {
    optOut:
      /(?:(?:u|m)sinipigie|acha(?:ni)? kunipigia|usipige tena|niondoe|niondoeni)/,
    human:
      /(?:kuzungumza|kuongea|niunganishe|nipe|nipatie).*(?:mtu|mhudumu|binadamu|meneja|msimamizi)/,
    pay: /(?:kulipa|nilipe|nalipa|malipo|lipa)/,
    price: /(?:bei|kiasi gani|shilingi ngapi|ngapi)/,
    find: /\b(?:ninahitaji|nahitaji|ninatafuta|natafuta|ninataka|nataka|ningependa|mna|una)\b(?: (?:kununua|kupata))?/,
    place: /\b(?:huko|katika|karibu na|kule)\b/,
    repeat: /(?:rudia|sema tena|tena tafadhali)/,
    goodbye: /(?:kwaheri|kwa heri|ni hayo tu|tutaonana|basi tu)/,
    greeting: /\b(?:habari|hujambo|jambo|mambo|shikamoo|salamu)\b/,
  },
};

/** What the caller wants; the most consequential wish first, since "I want to pay" is no search for a part. */
export function understand(text: string, language: Language): Intent {
  const heard = text.toLowerCase().replaceAll("’", "'").trim();
  const pattern = PATTERNS[language];
  if (pattern.optOut.test(heard)) {
    return { name: "opt_out" };
  }
  if (pattern.human.test(heard)) {
    return { name: "human" };
  }
  if (pattern.pay.test(heard)) {
    const amount = amountIn(heard);
    return amount ? { name: "pay", amount } : { name: "pay" };
  }
  if (pattern.repeat.test(heard)) {
    return { name: "repeat" };
  }
  if (pattern.price.test(heard)) {
    return { name: "ask_price" };
  }
  if (pattern.find.test(heard)) {
    return { name: "find_part", ...partIn(text, pattern) };
  }
  if (pattern.goodbye.test(heard)) {
    return { name: "goodbye" };
  }
  return { name: pattern.greeting.test(heard) ? "greeting" : "unknown" };
}

/** The part and the place that a request names; a part on its own is one too ("brake pads in Remera"). */
export function partIn(
  text: string,
  language: Language | Pattern,
): { item?: string; place?: string } {
  const pattern = typeof language === "string" ? PATTERNS[language] : language;
  const request = after(text, pattern.find) ?? text;
  const place = after(request, pattern.place);
  const item = place === undefined ? request : before(request, pattern.place);
  return {
    ...(tidy(item) === "" ? {} : { item: tidy(item) }),
    ...(place === undefined || tidy(place) === ""
      ? {}
      : { place: tidy(place) }),
  };
}

function after(text: string, pattern: RegExp): string | undefined {
  const match = new RegExp(pattern, "iu").exec(text);
  return match ? text.slice(match.index + match[0].length) : undefined;
}

function before(text: string, pattern: RegExp): string {
  const match = new RegExp(pattern, "iu").exec(text);
  return match ? text.slice(0, match.index) : text;
}

/** Without politeness and punctuation round it. */
function tidy(text: string): string {
  return text
    .replace(
      /\b(?:please|s'il (?:vous|te) plaît|tafadhali|nyamuneka|murakoze|thanks?|thank you|merci|asante)\b/giu,
      "",
    )
    .replace(/[.,!?;:]+/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^(?:un|une|des|les|la|le|an?|the|some|any)\s+/i, "");
}
