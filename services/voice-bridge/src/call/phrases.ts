import type { Language } from "./call-state.js";

/** What the bridge itself says, through the model or through the carrier. */

const TRANSFER: Record<Language, string> = {
  en: "I am connecting you to a colleague. Please stay on the line.",
  fr: "Je vous passe un collègue. Restez en ligne, s'il vous plaît.",
  rw: "Ngiye kuguhuza na mugenzi wanjye. Guma ku murongo.",
  sw: "Ninakuunganisha na mwenzangu. Tafadhali subiri kwenye simu.",
};

export function transferAnnouncement(language: Language): string {
  return TRANSFER[language];
}
