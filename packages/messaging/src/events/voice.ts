import { z } from "zod";
import {
  address,
  callFields,
  callId,
  agentName,
  count,
  currency,
  freeText,
  identifier,
  language,
  milliseconds,
  minorUnits,
  tenantId,
  timestamp,
} from "./fields.js";

export const paymentMethod = z.enum(["momo_ussd", "payment_link", "manual"]);

/** What a person wants, whichever channel it was heard on. */
export const intentCaptured = z.object({
  tenantId,
  /** Present when it was heard on a call. */
  callId: callId.optional(),
  /** Present when it was read on WhatsApp. */
  userId: identifier.optional(),
  from: address.optional(),
  to: address.optional(),
  agent: agentName.optional(),
  at: timestamp,
  intentId: identifier,
  name: identifier,
  confidence: z.number().min(0).max(1),
  slots: z.record(z.string(), z.json()),
  language,
  channel: z.enum(["voice", "sip", "whatsapp"]),
  /** E.164, or the user id when no number is known. */
  contact: identifier,
});

/** Events of `voice.contact.events`. */
export const contactSchemas = {
  "call.start": z.object({
    ...callFields,
    direction: z.enum(["inbound", "outbound"]).default("inbound"),
    channel: z.enum(["twilio", "sip"]).default("twilio"),
    streamId: identifier.optional(),
  }),
  "call.connected": z.object({
    ...callFields,
    model: identifier.optional(),
    voice: identifier.optional(),
    setupMs: milliseconds.optional(),
  }),
  "call.dtmf": z.object({
    ...callFields,
    digit: z.string().regex(/^[0-9*#A-D]$/),
  }),
  "call.opt_out": z.object({
    ...callFields,
    phone: address.optional(),
    via: z.enum(["speech", "dtmf", "tool"]),
    phrase: z.string().max(1_024).optional(),
    language: language.optional(),
  }),
  "call.payment_prompt": z.object({
    ...callFields,
    /** Absent when no agent-core issued it. */
    paymentId: identifier.optional(),
    method: paymentMethod,
    region: z.string().min(1).max(16),
    amount: minorUnits,
    currency,
    ussd: z.string().max(128).optional(),
    url: z.url().optional(),
    /** What the caller was told, word by word. */
    spoken: freeText,
    language,
  }),
  "call.transfer": z.object({
    ...callFields,
    /** Where the call goes now; the common `to` of the call is what was dialled. */
    to: address,
    queue: identifier.optional(),
    reason: z.string().max(1_024).optional(),
  }),
  "call.stop": z.object({
    ...callFields,
    reason: z.string().min(1).max(1_024),
    durationMs: milliseconds,
    /** Model tokens by kind. */
    usage: z.record(z.string(), count),
    /** First audio after the caller's turn; null when there was no turn. */
    latency: z.object({
      turns: count.optional(),
      p50: milliseconds.nullable(),
      p95: milliseconds.nullable(),
      max: milliseconds.nullable(),
    }),
  }),
  "intent.captured": intentCaptured,
} as const;

/** Events of `voice.media.events`. */
export const mediaSchemas = {
  "media.sample": z.object({
    ...callFields,
    windowMs: milliseconds,
    inbound: z.object({
      frames: count,
      bytes: count,
      loudnessDbfs: z.number().optional(),
    }),
    outbound: z.object({ frames: count, bytes: count, heardMs: milliseconds }),
  }),
  "media.transcript": z.object({
    ...callFields,
    role: z.enum(["user", "assistant"]),
    text: freeText,
    itemId: identifier,
    interrupted: z.boolean(),
    /** How much of the agent's words was heard, and how much was made. */
    heardMs: milliseconds.optional(),
    audioMs: milliseconds.optional(),
  }),
  "media.turn": z.object({
    ...callFields,
    turn: count,
    latencyMs: milliseconds,
    responseId: identifier,
    itemId: identifier,
    audioMs: milliseconds,
    heardMs: milliseconds,
    interrupted: z.boolean(),
  }),
} as const;

const sipEvent = z.object({
  ...callFields,
  /** The signaller's own clock; `at` is ours. */
  timestamp: timestamp.optional(),
  payload: z.json().optional(),
  idempotencyKey: identifier.optional(),
});

/** Events of `voice.sip.events`. */
export const sipSchemas = {
  "sip.ringing": sipEvent,
  "sip.connected": sipEvent,
  "sip.audio": sipEvent,
  "sip.dtmf": sipEvent,
  "sip.ended": sipEvent,
} as const;
