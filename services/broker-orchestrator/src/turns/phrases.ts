import { minorDigits, type IntentLanguage } from "@easymo/intent-rules";

/** Some take nothing, some the one or two words that they are about. */
type Phrase = Readonly<
  Record<IntentLanguage, (first: string, second: string) => string>
>;

/** What is said without a model, in the four languages. */
export const phrases = {
  greeting: {
    en: () => "Hello! What are you looking for, and where are you?",
    fr: () => "Bonjour ! Que cherchez-vous, et où êtes-vous ?",
    rw: () => "Muraho! Murashaka iki, kandi muri he?",
    sw: () => "Habari! Unatafuta nini, na uko wapi?",
  },
  askItem: {
    en: () => "What do you need, and where are you?",
    fr: () => "De quoi avez-vous besoin, et où êtes-vous ?",
    rw: () => "Mukeneye iki, kandi muri he?",
    sw: () => "Unahitaji nini, na uko wapi?",
  },
  /**
   * Begins with the item, so that the answer's question can be read back. What is wanted is asked for already: whatsapp-bot
   * tells of the same wish, and nobody should wait for offers because of a question.
   */
  askPlace: {
    en: (item) =>
      `${item} — I am asking the sellers. Where do you need it? Then I look nearby first.`,
    fr: (item) =>
      `${item} — je demande aux vendeurs. Où en avez-vous besoin ? Je chercherai d'abord à côté.`,
    rw: (item) =>
      `${item} — ngiye kubaza abacuruzi. Mubikeneye he? Ndabanza gushaka hafi yaho.`,
    sw: (item) =>
      `${item} — ninawauliza wauzaji. Unaihitaji wapi? Nitatafuta karibu kwanza.`,
  },
  asking: {
    en: (item, place) =>
      `I am asking the sellers for ${item} in ${place}, and will write to you with their offers.`,
    fr: (item, place) =>
      `Je demande aux vendeurs : ${item}, ${place}. Je vous écrirai leurs offres.`,
    rw: (item, place) =>
      `Ngiye kubaza abacuruzi: ${item}, ${place}. Ndabandikira ibiciro byabo.`,
    sw: (item, place) =>
      `Ninawauliza wauzaji: ${item}, ${place}. Nitakuandikia bei zao.`,
  },
  offers: {
    en: (list) =>
      `These are the offers:\n${list}\nWrite the number of the one that you want.`,
    fr: (list) =>
      `Voici les offres :\n${list}\nÉcrivez le numéro de celle que vous voulez.`,
    rw: (list) => `Dore ibiciro:\n${list}\nAndika nimero y'icyo ushaka.`,
    sw: (list) => `Bei ni hizi:\n${list}\nAndika namba ya unayotaka.`,
  },
  chosen: {
    en: (vendor, price) =>
      `${vendor} has it for ${price}. Write “pay” and I send you the payment code.`,
    fr: (vendor, price) =>
      `${vendor} l'a pour ${price}. Écrivez « payer » et je vous envoie le code de paiement.`,
    rw: (vendor, price) =>
      `${vendor} arabifite kuri ${price}. Andika “kwishyura” mbahe kode.`,
    sw: (vendor, price) =>
      `${vendor} anayo kwa ${price}. Andika “kulipa” nikutumie namba ya malipo.`,
  },
  askAmount: {
    en: () => "How much would you like to pay?",
    fr: () => "Quel montant voulez-vous payer ?",
    rw: () => "Murashaka kwishyura amafaranga angahe?",
    sw: () => "Ungependa kulipa kiasi gani?",
  },
  dial: {
    en: (price, code) => `To pay ${price}, dial ${code}`,
    fr: (price, code) => `Pour payer ${price}, composez ${code}`,
    rw: (price, code) => `Kugira ngo mwishyure ${price}, mukande ${code}`,
    sw: (price, code) => `Ili kulipa ${price}, piga ${code}`,
  },
  open: {
    en: (price, link) => `To pay ${price}, open ${link}`,
    fr: (price, link) => `Pour payer ${price}, ouvrez ${link}`,
    rw: (price, link) => `Kugira ngo mwishyure ${price}, mufungure ${link}`,
    sw: (price, link) => `Ili kulipa ${price}, fungua ${link}`,
  },
  payByHand: {
    en: (price) =>
      `Your payment of ${price} is noted; a colleague will tell you how to pay.`,
    fr: (price) =>
      `Votre paiement de ${price} est noté ; un collègue vous dira comment payer.`,
    rw: (price) =>
      `Ubwishyu bwa ${price} bwanditswe; mugenzi wanjye arababwira uko mwishyura.`,
    sw: (price) =>
      `Malipo yako ya ${price} yameandikwa; mwenzangu atakuambia jinsi ya kulipa.`,
  },
  cannotTakePayment: {
    en: () => "I am sorry, I cannot take a payment here.",
    fr: () => "Je suis désolé, je ne peux pas prendre de paiement ici.",
    rw: () => "Mumbabarire, sinshobora kwakira ubwishyu hano.",
    sw: () => "Samahani, siwezi kupokea malipo hapa.",
  },
  failed: {
    en: () => "I am sorry, that did not work. Please try again in a moment.",
    fr: () =>
      "Je suis désolé, cela n'a pas marché. Réessayez dans un instant, s'il vous plaît.",
    rw: () => "Mumbabarire, ntibyakunze. Mwongere mugerageze mu kanya.",
    sw: () => "Samahani, haikufaulu. Tafadhali jaribu tena baadaye kidogo.",
  },
  human: {
    en: () => "I have noted that you would like to talk to a person.",
    fr: () => "J'ai noté que vous souhaitez parler à quelqu'un.",
    rw: () => "Nanditse ko mwifuza kuvugana n'umuntu.",
    sw: () => "Nimeandika kwamba ungependa kuongea na mtu.",
  },
  humanAt: {
    en: (phone) =>
      `A colleague takes over from here and will write to you. You can also call them on ${phone}.`,
    fr: (phone) =>
      `Un collègue prend le relais et vous écrira ici. Vous pouvez aussi l'appeler au ${phone}.`,
    rw: (phone) =>
      `Mugenzi wanjye agiye kubandikira hano. Mushobora no kumuhamagara kuri ${phone}.`,
    sw: (phone) =>
      `Mwenzangu atakuandikia hapa sasa. Unaweza pia kumpigia kwa ${phone}.`,
  },
  askNumber: {
    en: () =>
      "To be called, please send me your telephone number as a contact card.",
    fr: () =>
      "Pour être appelé, envoyez-moi votre numéro de téléphone comme fiche de contact.",
    rw: () =>
      "Kugira ngo tubahamagare, mwohereze nimero yanyu ya telefone nka kontaki.",
    sw: () =>
      "Ili tukupigie, tafadhali nitumie namba yako ya simu kama kontakti.",
  },
  cannotCall: {
    en: () => "I am sorry, I cannot have you called from here.",
    fr: () => "Je suis désolé, je ne peux pas vous faire appeler d'ici.",
    rw: () => "Mumbabarire, sinshobora kubahamagaza ubu.",
    sw: () => "Samahani, siwezi kukupigia simu kutoka hapa.",
  },
  lastCall: {
    en: (outcome) => `Our last call ended: ${outcome}. How can I help you now?`,
    fr: (outcome) =>
      `Notre dernier appel s'est terminé ainsi : ${outcome}. Comment puis-je vous aider ?`,
    rw: (outcome) =>
      `Telefone yacu ya nyuma yarangiye: ${outcome}. Nabafasha iki?`,
    sw: (outcome) =>
      `Simu yetu ya mwisho iliisha: ${outcome}. Nikusaidie nini?`,
  },
  help: {
    en: () =>
      "I find what you need, compare the sellers' offers and send you a payment code. Tell me what you need, and where. To stop our messages, write STOP.",
    fr: () =>
      "Je trouve ce qu'il vous faut, je compare les offres des vendeurs et je vous envoie un code de paiement. Dites-moi ce qu'il vous faut, et où. Pour ne plus recevoir de messages, écrivez STOP.",
    rw: () =>
      "Nshaka icyo mukeneye, nkagereranya ibiciro by'abacuruzi, nkanabaha kode yo kwishyura. Mumbwire icyo mukeneye n'aho muri. Kugira ngo mutongera kubona ubutumwa bwacu, mwandike STOP.",
    sw: () =>
      "Natafuta unachohitaji, nalinganisha bei za wauzaji na kukutumia namba ya malipo. Niambie unahitaji nini, na wapi. Ili usipokee ujumbe wetu tena, andika STOP.",
  },
  welcome: {
    en: () => "You are welcome!",
    fr: () => "Je vous en prie !",
    rw: () => "Murakaza neza!",
    sw: () => "Karibu!",
  },
  unknown: {
    en: () =>
      "I did not understand that. Tell me what you need and where, or write “help”.",
    fr: () =>
      "Je n'ai pas compris. Dites-moi ce qu'il vous faut et où, ou écrivez « aide ».",
    rw: () =>
      "Sinumvise neza. Mumbwire icyo mukeneye n'aho muri, cyangwa mwandike “mfasha”.",
    sw: () => "Sijaelewa. Niambie unahitaji nini na wapi, au andika “msaada”.",
  },
  outOfScope: {
    en: () => "I can only help you with what we offer here.",
    fr: () => "Je ne peux vous aider que pour ce que nous proposons ici.",
    rw: () => "Nshobora kubafasha gusa mu byo dutanga hano.",
    sw: () => "Naweza kukusaidia tu na huduma zetu za hapa.",
  },
  overBudget: {
    en: () => "I can only answer briefly for the rest of today.",
    fr: () => "Je ne peux répondre que brièvement pour le reste de la journée.",
    rw: () => "Uyu munsi ndabasubiza mu magambo make gusa.",
    sw: () => "Kwa leo nitakujibu kwa ufupi tu.",
  },
} as const satisfies Readonly<Record<string, Phrase>>;

/** "5,000 RWF", as it is written in a language; the amount is in the minor unit. Pure. */
export function spokenMoney(
  amount: number,
  currency: string,
  language: IntentLanguage,
): string {
  const digits = minorDigits(currency);
  const value = amount / 10 ** digits;
  const number = new Intl.NumberFormat(language, {
    minimumFractionDigits: Number.isInteger(value) ? 0 : digits,
    maximumFractionDigits: digits,
  }).format(value);
  return `${number} ${currency}`;
}
