import twilio from "twilio";
import type { StreamOutcome } from "../../call/call-state.js";
import type { Language } from "../../call/language.js";

/** The answers to Twilio's webhooks: https://www.twilio.com/docs/voice/twiml */

const SAYINGS = {
  unknown_number: {
    en: "This number is not in service.",
    fr: "Ce numéro n'est pas en service.",
  },
  full: {
    en: "All our lines are busy.",
    fr: "Toutes nos lignes sont occupées.",
  },
  draining: {
    en: "We cannot take new calls at this moment.",
    fr: "Nous ne prenons pas de nouvel appel en ce moment.",
  },
  apology: {
    en: "We are sorry, there is a technical problem.",
    fr: "Nous sommes désolés, il y a un problème technique.",
  },
  connecting: {
    en: "We are connecting you to a colleague.",
    fr: "Nous vous passons un collègue.",
  },
  goodbye: {
    en: "Please call again later. Goodbye.",
    fr: "Rappelez plus tard. Au revoir.",
  },
} as const;

type Saying = keyof typeof SAYINGS;

/** Twilio's own voices speak neither Kinyarwanda nor Swahili: English then. */
const SAY_LANGUAGE = { en: "en-US", fr: "fr-FR" } as const;

function say(
  response: InstanceType<typeof twilio.twiml.VoiceResponse>,
  saying: Saying,
  language: Language,
): void {
  const spoken = language === "fr" ? "fr" : "en";
  response.say({ language: SAY_LANGUAGE[spoken] }, SAYINGS[saying][spoken]);
}

export interface ConnectStream {
  readonly streamUrl: string;
  readonly statusUrl: string;
  /** Where the call goes on when we have closed the stream. */
  readonly afterUrl: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function connectStreamTwiml(options: ConnectStream): string {
  const response = new twilio.twiml.VoiceResponse();
  const stream = response.connect().stream({
    url: options.streamUrl,
    statusCallback: options.statusUrl,
    statusCallbackMethod: "POST",
  });
  for (const [name, value] of Object.entries(options.parameters))
    stream.parameter({ name, value });
  response.redirect({ method: "POST" }, options.afterUrl);
  return response.toString();
}

/** Nobody takes the call here: said so, and passed on where there is somebody. */
export function turnAwayTwiml(
  saying: "unknown_number" | "full" | "draining",
  language: Language,
  transferTo: string | undefined,
): string {
  const response = new twilio.twiml.VoiceResponse();
  say(response, saying, language);
  dialOrHangUp(response, transferTo, language);
  return response.toString();
}

function dialOrHangUp(
  response: InstanceType<typeof twilio.twiml.VoiceResponse>,
  transferTo: string | undefined,
  language: Language,
): void {
  if (transferTo === undefined) {
    say(response, "goodbye", language);
    response.hangup();
  } else {
    say(response, "connecting", language);
    response.dial(transferTo);
  }
}

export function afterStreamTwiml(
  outcome: StreamOutcome,
  language: Language,
): string {
  const response = new twilio.twiml.VoiceResponse();
  switch (outcome.kind) {
    case "hang_up":
      response.hangup();
      break;
    case "transfer":
      response.dial(outcome.to);
      break;
    case "apologise":
      say(response, "apology", language);
      dialOrHangUp(response, outcome.transferTo, language);
  }
  return response.toString();
}
