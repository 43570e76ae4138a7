import { z } from "zod";

/** RFC 3339 with any offset: when the thing happened, as its source saw it. */
export const timestamp = z.iso.datetime({ offset: true });
/** Twilio's CallSid, a SIP Call-ID, or an id that was given from outside. */
export const callId = z.string().min(1).max(256);
export const tenantId = z.string().min(1).max(128);
export const agentName = z.string().min(1).max(128);
/** E.164 where it is known; otherwise what the carrier gave (a SIP address, "anonymous"). */
export const address = z.string().min(1).max(256);
export const e164 = z.string().regex(/^\+[1-9]\d{5,14}$/);
/** A BCP 47 tag, such as `en`, `rw`, `fr` or `sw`. */
export const language = z.string().min(2).max(35);
/** ISO 4217. */
export const currency = z.string().regex(/^[A-Z]{3}$/);
/** Integer in the currency's minor unit. */
export const minorUnits = z.int().nonnegative();
export const count = z.int().nonnegative();
export const milliseconds = z.number().nonnegative();
export const identifier = z.string().min(1).max(512);
export const freeText = z.string().max(65_536);

/** The fields that every event of a call has. */
export const callFields = {
  callId,
  tenantId,
  from: address.optional(),
  to: address.optional(),
  /** Absent when no channel of the routing document has the called address. */
  agent: agentName.optional(),
  at: timestamp,
};

/** The fields that every event about a WhatsApp user has. `phone` is absent when Meta sends only a user id. */
export const userFields = {
  tenantId,
  userId: identifier,
  phone: e164.optional(),
  from: address.optional(),
  to: address.optional(),
  agent: agentName.optional(),
  at: timestamp,
};

/** The fields that every event about a person has; `contact` is their E.164 number, or their user id when no number is known. */
export const contactFields = {
  tenantId,
  contact: identifier,
  phone: e164.optional(),
  userId: identifier.optional(),
  callId: callId.optional(),
  agent: agentName.optional(),
  at: timestamp,
};
