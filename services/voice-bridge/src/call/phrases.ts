import type { Language } from "./language.js";

/** What the bridge itself says, through the model or through the carrier. */

const TRANSFER: Record<Language, string> = {
  en: "I am connecting you to a colleague. Please stay on the line.",
  fr: "Je vous passe un collègue. Restez en ligne, s'il vous plaît.",
  rw: "Ngiye kuguhuza na mugenzi wanjye. Guma ku murongo.",
  sw: "Ninakuunganisha na mwenzangu. Tafadhali subiri kwenye simu.",
};

const TIME_IS_UP: Record<Language, string> = {
  en: "I am sorry, the time for this call is over. Thank you for calling, goodbye.",
  fr: "Je suis désolé, le temps de cet appel est écoulé. Merci de votre appel, au revoir.",
  rw: "Mumbabarire, igihe cy'iki kiganiro kirarangiye. Murakoze kuduhamagara, murabeho.",
  sw: "Samahani, muda wa simu hii umekwisha. Asante kwa kupiga simu, kwaheri.",
};

export function timeIsUp(language: Language): string {
  return TIME_IS_UP[language];
}

export function transferAnnouncement(language: Language): string {
  return TRANSFER[language];
}
