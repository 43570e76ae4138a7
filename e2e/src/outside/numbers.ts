/** Who is called, written to and signalled for in the run. */
export const TENANT = "kigali-parts";
export const AGENT = "sales";
export const DESK = "+250780000001";
export const SIP_DESK = "sip:desk@kigali.example";
export const PHONE_NUMBER_ID = "106540352242922";
/** What voice-bridge is told that it is called outside; the carrier maps it to the Service. */
export const PUBLIC_URL = "https://voice.example.test";
export const ACCOUNT_SID = "AC00000000000000000000000000000000";
export const WHATSAPP_PUBLIC_URL = "https://whatsapp.example.test";
