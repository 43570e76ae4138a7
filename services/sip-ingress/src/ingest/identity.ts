import { deriveEventId } from "@easymo/messaging";
import { Problem } from "@easymo/service-kit";
import { canonicalJson, digestOf } from "../events/fingerprint.js";
import type { SipEvent } from "../events/sip-event.js";

/** What makes a repeat of an event the same event. */
export interface EventIdentity {
  /** From tenant and key alone, so that a repeat after any crash has it again. */
  readonly eventId: string;
  /** What the body said, the key aside. */
  readonly fingerprint: string;
}

/** The key of a request: in the body or in the header, not two different ones. */
export function keyOfRequest(
  body: string | undefined,
  header: string | undefined,
): string | undefined {
  if (body !== undefined && header !== undefined && body !== header)
    throw new Problem({
      status: 400,
      code: "invalid_request",
      title: "The request is not valid",
      detail: "The Idempotency-Key header and idempotencyKey differ",
      extra: {
        where: "body",
        errors: [
          {
            field: "idempotencyKey",
            message: "differs from the Idempotency-Key header",
          },
        ],
      },
      retryable: false,
    });
  return body ?? header;
}

/** Without a key, what the body says is the key: the same words again are a repeat. */
export function identify(
  tenantId: string,
  event: SipEvent,
  key: string | undefined,
): EventIdentity {
  const fingerprint = digestOf(wordsOf(event));
  const eventId =
    key === undefined
      ? deriveEventId("sip", tenantId, "unkeyed", fingerprint)
      : deriveEventId("sip", tenantId, key);
  return { eventId, fingerprint };
}

/** What an event says, as its canonical JSON: members in their order, and those that are absent left out. */
function wordsOf(event: SipEvent): string {
  const { callId, event: kind, timestamp, from, to, payload } = event;
  return [
    `{"callId":${JSON.stringify(callId)},"event":"${kind}"`,
    from === undefined ? "" : `,"from":${JSON.stringify(from.given)}`,
    payload === undefined ? "" : `,"payload":${canonicalJson(payload)}`,
    `,"timestamp":"${timestamp}"`,
    to === undefined ? "" : `,"to":${JSON.stringify(to.given)}`,
    "}",
  ].join("");
}
