import type { IntentLanguage, IntentName } from "./intent.js";

type Words = Readonly<Record<IntentLanguage, readonly string[]>>;

/** What tells an intent, as words without accents in lower case; longer ones say more than shorter ones. */
export const intentWords: Readonly<Record<IntentName, Words>> = {
  human: {
    en: [
      "speak to a person",
      "talk to a person",
      "talk to someone",
      "speak to someone",
      "speak to an agent",
      "real person",
      "human",
      "customer care",
    ],
    fr: [
      "parler a quelqu un",
      "parler a une personne",
      "un conseiller",
      "service client",
      "un humain",
    ],
    rw: ["kuvugana n umuntu", "kuvugisha umuntu", "ndashaka umuntu", "umukozi"],
    sw: ["kuongea na mtu", "kuzungumza na mtu", "mhudumu", "mtu halisi"],
  },
  /** To be called on the telephone. */
  call: {
    en: ["call me", "phone me", "ring me", "give me a call", "a call back"],
    fr: [
      "appelez moi",
      "appelle moi",
      "rappelez moi",
      "rappelle moi",
      "m appeler",
      "me rappeler",
    ],
    rw: [
      "mpamagara",
      "umpamagare",
      "mumpamagare",
      "wampamagara",
      "mwampamagara",
      "mushobora kumpamagara",
    ],
    sw: ["nipigie", "nipigieni", "unipigie", "mnipigie", "kunipigia simu"],
  },
  pay: {
    en: ["pay", "payment", "send money", "momo code", "paying"],
    fr: ["payer", "paiement", "regler", "je paie"],
    rw: ["kwishyura", "nishyure", "ndishyura", "kwishura", "nkwishyure"],
    sw: ["kulipa", "nilipe", "malipo", "nataka kulipia"],
  },
  price: {
    en: ["how much", "price", "cost", "costs"],
    fr: ["combien", "prix", "coute", "tarif"],
    rw: ["angahe", "igiciro", "ni angahe", "bingana iki", "ibiciro"],
    sw: ["bei gani", "ni bei", "bei", "shilingi ngapi", "kiasi gani"],
  },
  order: {
    en: ["order", "buy", "i need", "i want", "looking for", "do you have"],
    fr: [
      "commander",
      "acheter",
      "j ai besoin",
      "je veux",
      "je voudrais",
      "je cherche",
      "avez vous",
    ],
    rw: [
      "ndashaka",
      "nshaka",
      "kugura",
      "ngure",
      "nkeneye",
      "ndakeneye",
      "mufite",
    ],
    sw: ["nataka", "nahitaji", "kununua", "ninunue", "naomba", "mna"],
  },
  help: {
    en: ["help", "how does it work", "what can you do"],
    fr: ["aide", "aidez moi", "comment ca marche"],
    rw: ["mfasha", "mumfashe", "ubufasha", "mfashe"],
    sw: ["msaada", "nisaidie", "usaidizi"],
  },
};

/** Before a wish to be called, these make it none: "why did you not call me", "arrêtez de m'appeler". */
export const refusals: ReadonlySet<string> = new Set(
  (
    "why not no never dont don t stop didn did when who if " +
    "pourquoi ne arretez arrete cessez jamais pas quand qui si " +
    "kuki mureke reka ntimu nta niba acha acheni kwanini mbona usi hamku kama"
  ).split(" "),
);

/** What stands before a place. */
export const placeWords: Words = {
  en: ["in", "at", "near", "around", "to"],
  fr: ["a", "au", "dans", "pres de", "vers"],
  rw: ["i", "mu", "ku", "kuri", "hafi ya", "hafi y"],
  sw: ["katika", "huko", "karibu na", "kwenye"],
};

/** What stands before or after a thing without being its name. */
export const fillers: ReadonlySet<string> = new Set(
  (
    "a an the some of for is are to please it this that my your me you i want need " +
    "un une le la les du de des pour s il vous plait est ce l d acheter commander " +
    "ya y n ni wa za cha kwa kugura kununua order buy ngure murakoze asante thanks merci"
  ).split(" "),
);

/** Every-day words by which a language is told when no intent is. */
export const commonWords: Words = {
  en: ["the", "and", "is", "you", "please", "hello", "thanks", "where", "have"],
  fr: ["le", "les", "est", "vous", "bonjour", "merci", "je", "une", "pour"],
  rw: [
    "muraho",
    "murakoze",
    "ndi",
    "ni",
    "iki",
    "amakuru",
    "mwaramutse",
    "yego",
  ],
  sw: [
    "habari",
    "asante",
    "jambo",
    "mimi",
    "sana",
    "wapi",
    "ndiyo",
    "tafadhali",
  ],
};
