import {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventDataByType,
} from "@easymo/messaging";
import { optInConfirmation, optOutConfirmation } from "@easymo/opt-out-lexicon";

type Consent = EventDataByType["message.opt_out"];

/**
 * What a person is told about their consent, under a key that is the same for every time that they say the same: it is
 * sent once. Pure.
 *
 * @param since what tells this change of mind from an earlier one
 */
export function confirmationOf(
  change: "opt_out" | "opt_in",
  said: Consent,
  around: { requestId: string; language: string; since: string; at: string },
): EasymoEvent<"message.send"> {
  const { tenantId, userId, phone, agent, to, messageId } = said;
  const dedupeKey = deriveEventId(
    `${change}_confirmation`,
    tenantId,
    phone ?? userId,
    around.since,
  );
  return createEvent("message.send", {
    tenantId,
    requestId: around.requestId,
    source: "/whatsapp-bot/consent",
    id: dedupeKey,
    data: {
      tenantId,
      userId,
      to: phone ?? userId,
      at: around.at,
      dedupeKey,
      kind: "text",
      purpose:
        change === "opt_out" ? "opt_out_confirmation" : "opt_in_confirmation",
      text:
        change === "opt_out"
          ? optOutConfirmation(around.language)
          : optInConfirmation(around.language),
      ...(phone === undefined ? {} : { phone }),
      ...(agent === undefined ? {} : { agent }),
      ...(to === undefined ? {} : { phoneNumberId: to }),
      ...(messageId === undefined || said.via === "send_error"
        ? {}
        : { inReplyTo: messageId }),
    },
  });
}
