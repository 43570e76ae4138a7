import type { Language } from "./types.js";

type Phrase<A extends readonly unknown[]> = Readonly<
  Record<Language, (...args: A) => string>
>;

/** What the offline model says, in the four languages. */
export const phrases = {
  greeting: {
    en: () => "Hello! Which spare part can I help you find?",
    fr: () => "Bonjour ! Quelle pièce puis-je vous aider à trouver ?",
    rw: () => "Muraho! Ni ikihe cyuma cya moto mushaka?",
    sw: () => "Habari! Unatafuta kipuri gani?",
  },
  askPart: {
    en: () => "Which part do you need, and where are you?",
    fr: () => "Quelle pièce vous faut-il, et où êtes-vous ?",
    rw: () => "Mukeneye ikihe cyuma, kandi muri he?",
    sw: () => "Unahitaji kipuri gani, na uko wapi?",
  },
  noted: {
    en: (item, place) =>
      `I have noted that you need ${item}${place ? ` in ${place}` : ""}. I am asking the sellers, and you will get their offers.`,
    fr: (item, place) =>
      `J'ai noté que vous cherchez ${item}${place ? ` à ${place}` : ""}. Je demande aux vendeurs, et vous recevrez leurs offres.`,
    rw: (item, place) =>
      `Nanditse ko mukeneye ${item}${place ? ` i ${place}` : ""}. Ngiye kubaza abacuruzi, muzabona ibiciro byabo.`,
    sw: (item, place) =>
      `Nimeandika kwamba unahitaji ${item}${place ? ` huko ${place}` : ""}. Nitawauliza wauzaji, nawe utapata bei zao.`,
  },
  heardPart: {
    en: (item, place) =>
      `You need ${item}${place ? ` in ${place}` : ""}. I cannot pass it on to the sellers from here, I am sorry.`,
    fr: (item, place) =>
      `Vous cherchez ${item}${place ? ` à ${place}` : ""}. Je ne peux pas le transmettre aux vendeurs d'ici, désolé.`,
    rw: (item, place) =>
      `Mukeneye ${item}${place ? ` i ${place}` : ""}. Mumbabarire, sinshobora kubibwira abacuruzi.`,
    sw: (item, place) =>
      `Unahitaji ${item}${place ? ` huko ${place}` : ""}. Samahani, siwezi kuwafikishia wauzaji kutoka hapa.`,
  },
  offer: {
    en: (name, price) => `${name} has it${price ? ` for ${price}` : ""}.`,
    fr: (name, price) => `${name} l'a${price ? ` pour ${price}` : ""}.`,
    rw: (name, price) => `${name} arabifite${price ? ` kuri ${price}` : ""}.`,
    sw: (name, price) => `${name} anayo${price ? ` kwa ${price}` : ""}.`,
  },
  price: {
    en: () =>
      "The price depends on the seller. Tell me which part you need, and where, and I will ask them.",
    fr: () =>
      "Le prix dépend du vendeur. Dites-moi quelle pièce il vous faut, et où, et je leur demanderai.",
    rw: () =>
      "Igiciro giterwa n'umucuruzi. Mumbwire icyuma mukeneye n'aho muri, mbabarize.",
    sw: () =>
      "Bei inategemea muuzaji. Niambie unahitaji kipuri gani na uko wapi, nami nitawauliza.",
  },
  askAmount: {
    en: () => "How much would you like to pay?",
    fr: () => "Quel montant voulez-vous payer ?",
    rw: () => "Murashaka kwishyura amafaranga angahe?",
    sw: () => "Ungependa kulipa kiasi gani?",
  },
  cannotTakePayment: {
    en: () => "I cannot take a payment on this call.",
    fr: () => "Je ne peux pas prendre de paiement pendant cet appel.",
    rw: () => "Sinshobora kwakira ubwishyu kuri iyi telefone.",
    sw: () => "Siwezi kupokea malipo kwenye simu hii.",
  },
  dial: {
    en: (code) => `To pay, dial ${code}.`,
    fr: (code) => `Pour payer, composez ${code}.`,
    rw: (code) => `Kugira ngo mwishyure, mukande ${code}.`,
    sw: (code) => `Ili kulipa, piga ${code}.`,
  },
  link: {
    en: () => "I have a payment link for you; it is sent to you as a message.",
    fr: () =>
      "J'ai un lien de paiement pour vous ; il vous est envoyé par message.",
    rw: () => "Mfite aho mwishyurira kuri interineti; murahabona mu butumwa.",
    sw: () => "Nina kiungo cha malipo kwako; utakipata kwa ujumbe.",
  },
  paymentNoted: {
    en: () =>
      "The payment is noted, but I was given no code to read to you. A colleague will tell you how to pay.",
    fr: () =>
      "Le paiement est noté, mais je n'ai reçu aucun code à vous lire. Un collègue vous dira comment payer.",
    rw: () =>
      "Ubwishyu bwanditswe, ariko nta kode nahawe. Mugenzi wanjye arababwira uko mwishyura.",
    sw: () =>
      "Malipo yameandikwa, lakini sikupewa namba ya kukusomea. Mwenzangu atakuambia jinsi ya kulipa.",
  },
  failed: {
    en: (reason) => `I am sorry, that did not work${because(reason)}.`,
    fr: (reason) => `Je suis désolé, cela n'a pas marché${because(reason)}.`,
    rw: (reason) => `Mumbabarire, ntibyakunze${because(reason)}.`,
    sw: (reason) => `Samahani, haikufaulu${because(reason)}.`,
  },
  transferring: {
    en: () =>
      "I am putting you through to a colleague. Please stay on the line.",
    fr: () => "Je vous passe un collègue. Restez en ligne, s'il vous plaît.",
    rw: () => "Ngiye kubahuza na mugenzi wanjye. Mugume ku murongo.",
    sw: () => "Ninakuunganisha na mwenzangu. Tafadhali subiri kwenye simu.",
  },
  noTransfer: {
    en: () => "I am sorry, there is nobody whom I can put you through to.",
    fr: () => "Je suis désolé, il n'y a personne à qui vous passer.",
    rw: () => "Mumbabarire, nta muntu mbahuza na we ubu.",
    sw: () => "Samahani, hakuna mtu wa kukuunganisha naye sasa.",
  },
  optedOut: {
    en: () => "Understood. We will not call you again. Goodbye.",
    fr: () => "C'est compris. Nous ne vous appellerons plus. Au revoir.",
    rw: () => "Ndabyumvise. Ntituzongera kubahamagara. Murabeho.",
    sw: () => "Nimeelewa. Hatutakupigia tena. Kwaheri.",
  },
  optOutHeard: {
    en: () =>
      "I understand that you do not want to be called. I cannot register it myself from here.",
    fr: () =>
      "Je comprends que vous ne voulez plus être appelé. Je ne peux pas l'enregistrer moi-même d'ici.",
    rw: () =>
      "Ndumva ko mudashaka guhamagarwa. Sinshobora kubyandika ubwanjye.",
    sw: () =>
      "Naelewa kwamba hutaki kupigiwa simu. Siwezi kuandikisha mwenyewe kutoka hapa.",
  },
  goodbye: {
    en: () => "Thank you for calling. Goodbye.",
    fr: () => "Merci de votre appel. Au revoir.",
    rw: () => "Murakoze guhamagara. Murabeho.",
    sw: () => "Asante kwa kupiga simu. Kwaheri.",
  },
  nothingToRepeat: {
    en: () => "I have not said anything yet. How can I help you?",
    fr: () => "Je n'ai encore rien dit. Comment puis-je vous aider ?",
    rw: () => "Nta cyo ndavuga. Nabafasha iki?",
    sw: () => "Bado sijasema chochote. Nikusaidie nini?",
  },
  stillThere: {
    en: () => "Are you still there? What can I do for you?",
    fr: () => "Vous êtes toujours là ? Que puis-je faire pour vous ?",
    rw: () => "Muracyahari? Nabafasha iki?",
    sw: () => "Bado upo? Nikusaidie nini?",
  },
  done: {
    en: () => "That is done. Can I help you with anything else?",
    fr: () => "C'est fait. Puis-je vous aider pour autre chose ?",
    rw: () => "Birangiye. Hari ikindi nabafasha?",
    sw: () => "Imekamilika. Kuna kingine nikusaidie?",
  },
  sound: {
    en: (seconds) =>
      `I heard ${seconds} seconds of speech. I am the offline model and cannot understand it; with OPENAI_API_KEY set, the real model would.`,
    fr: (seconds) =>
      `J'ai entendu ${seconds} secondes de parole. Je suis le modèle hors ligne et je ne peux pas la comprendre ; avec OPENAI_API_KEY, le vrai modèle la comprendrait.`,
    rw: (seconds) =>
      `Numvise amasegonda ${seconds} y'ijwi. Ndi porogaramu idakoresha interineti, sinshobora kubyumva; hashyizweho OPENAI_API_KEY, porogaramu nyayo yabyumva.`,
    sw: (seconds) =>
      `Nimesikia sekunde ${seconds} za maneno. Mimi ni modeli isiyo na mtandao, siwezi kuyaelewa; ukiweka OPENAI_API_KEY, modeli halisi ingeelewa.`,
  },
  unknown: {
    en: () =>
      "I did not understand that. I am the offline model: I know parts, prices, payments, and how to get you a person. With OPENAI_API_KEY set, the real model answers.",
    fr: () =>
      "Je n'ai pas compris. Je suis le modèle hors ligne : je connais les pièces, les prix, les paiements, et je peux vous passer quelqu'un. Avec OPENAI_API_KEY, c'est le vrai modèle qui répond.",
    rw: () =>
      "Sinumvise neza. Ndi porogaramu idakoresha interineti: nzi ibyuma, ibiciro, kwishyura, no kubahuza n'umuntu. Hashyizweho OPENAI_API_KEY, hasubiza porogaramu nyayo.",
    sw: () =>
      "Sijaelewa. Mimi ni modeli isiyo na mtandao: najua vipuri, bei, malipo, na kukuunganisha na mtu. Ukiweka OPENAI_API_KEY, modeli halisi itajibu.",
  },
} as const satisfies Readonly<
  Record<string, Phrase<[string, (string | undefined)?]>>
>;

const KEYS: Readonly<Record<Language, { star: string; hash: string }>> = {
  en: { star: "star", hash: "hash" },
  fr: { star: "étoile", hash: "dièse" },
  rw: { star: "akanyenyeri", hash: "urwego" },
  sw: { star: "nyota", hash: "reli" },
};

/** A code as it is read to someone who types it: key by key. */
export function spellCode(code: string, language: Language): string {
  const { star, hash } = KEYS[language];
  return [...code.replace(/\s+/g, "").matchAll(/./gu)]
    .map(([key]) => (key === "*" ? star : key === "#" ? hash : key))
    .join(", ");
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : `: ${reason}`;
}
