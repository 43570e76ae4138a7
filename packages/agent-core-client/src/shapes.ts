import { z } from "zod";
import { absentable, nullable } from "./fields.js";

/**
 * The answers of the tools and the registry, read at the edge. Only what the contract promises is required, so that a
 * server of the user's own may answer with more, and with less of what was added since.
 */

const leadSchema = z.object({
  leadId: z.string().min(1),
  phone: nullable(z.string()),
  userId: nullable(z.string()),
  name: nullable(z.string()),
  language: nullable(z.string()),
  tags: z.array(z.string()),
  optedOut: z.boolean(),
  /** What the person said about being written to; null when they were never asked. */
  optIn: nullable(z.boolean()),
  source: nullable(z.string()),
  /** The channel on which they were last heard from. */
  lastChannel: nullable(z.string()),
});

const callSchema = z.object({
  callId: z.string().min(1),
  leadId: nullable(z.string()),
  direction: nullable(z.string()),
  platform: nullable(z.string()),
  region: nullable(z.string()),
  disposition: nullable(
    z.object({ code: z.string(), notes: nullable(z.string()) }),
  ),
});

const optOutSchema = z.object({
  phone: nullable(z.string()),
  userId: nullable(z.string()),
  channel: z.string(),
  at: z.string(),
});

export const fetchLeadAnswer = z.object({ lead: leadSchema.nullable() });
export const logLeadAnswer = z.object({ lead: leadSchema });
export const leadsAnswer = z.object({
  leads: z.array(leadSchema),
  next: nullable(z.string()),
});
export const callAnswer = z.object({ call: callSchema });
export const registerOptOutAnswer = z.object({ optOut: optOutSchema });
export const optOutAnswer = z.object({
  phone: z.string(),
  optedOut: z.boolean(),
  channel: absentable(z.string()),
  at: absentable(z.string()),
});
export const collectPaymentAnswer = z.object({
  paymentId: z.string().min(1),
  method: z.enum(["momo_ussd", "payment_link", "manual"]),
  ussd: absentable(z.string()),
  url: absentable(z.string()),
  instructions: z.string(),
});
export const warmTransferAnswer = z.object({
  queue: z.string(),
  to: z.string(),
  /** Of a conversation that people took over. */
  handoverId: absentable(z.string()),
});
const handoverSchema = z.object({
  handoverId: z.string().min(1),
  status: z.enum(["with_human", "handed_back", "timed_out"]),
  queue: z.string(),
  to: z.string(),
  phone: nullable(z.string()),
  userId: nullable(z.string()),
  name: nullable(z.string()),
  reason: nullable(z.string()),
  summary: nullable(z.string()),
  /** What the agent is to know of what was said meanwhile. */
  notes: nullable(z.string()),
  createdAt: z.string(),
  until: z.string(),
});
export const handoverAnswer = z.object({ handover: handoverSchema });
export const handoversAnswer = z.object({
  handovers: z.array(handoverSchema),
});

export type Lead = z.output<typeof leadSchema>;
export type Call = z.output<typeof callSchema>;
export type OptOut = z.output<typeof optOutSchema>;
export type OptOutStatus = z.output<typeof optOutAnswer>;
export type LeadsPage = z.output<typeof leadsAnswer>;
export type CollectedPayment = z.output<typeof collectPaymentAnswer>;
export type Handover = z.output<typeof handoverSchema>;
export type TransferTarget = z.output<typeof warmTransferAnswer>;
/** How a person pays. */
export type PaymentMethod = CollectedPayment["method"];

/** A person, by the number or by the channel's own user id. */
export type PersonRef =
  | { readonly phone: string; readonly userId?: string }
  | { readonly userId: string; readonly phone?: string };

export type LogLeadBody = PersonRef & {
  readonly name?: string;
  readonly language?: string;
  readonly tags?: readonly string[];
  readonly source?: string;
  /** Where they were heard from just now. */
  readonly lastChannel?: string;
  /** `true` opts the person in again, whatever they had said before. */
  readonly optIn?: boolean;
};

export interface CreateCallBody {
  readonly callId: string;
  readonly leadId?: string;
  readonly direction: "inbound" | "outbound";
  /** What carries the call, for example `twilio` or `sip`. */
  readonly platform: string;
  readonly region?: string;
}

/** How a call ended, for whoever follows it up. */
export const dispositionCodes = [
  "completed",
  "interested",
  "not_interested",
  "callback",
  "sale",
  "payment_requested",
  "transferred",
  "voicemail",
  "no_answer",
  "busy",
  "failed",
  "wrong_number",
  "opted_out",
  "abandoned",
  "other",
] as const;
export type DispositionCode = (typeof dispositionCodes)[number];

export interface SetDispositionBody {
  readonly callId: string;
  readonly code: DispositionCode;
  readonly notes?: string;
}

/** Where a person said that they want no more of it. */
export const optOutChannels = [
  "voice",
  "sip",
  "whatsapp",
  "sms",
  "web",
  "manual",
] as const;
export type OptOutChannel = (typeof optOutChannels)[number];

export type RegisterOptOutBody = PersonRef & {
  readonly channel: OptOutChannel;
  readonly reason?: string;
};

export interface CollectPaymentBody {
  readonly callId?: string;
  readonly phone?: string;
  /** Two letters in lower case, for example `rw`. */
  readonly region: string;
  /** In the currency's minor unit: 5000 RWF is 5,000 francs, 5000 EUR is 50 euros. */
  readonly amount: number;
  readonly currency: string;
  readonly merchant?: string;
}

export interface WarmTransferBody {
  /** The call, or the conversation. */
  readonly callId: string;
  readonly queue: string;
  readonly channel?: "voice" | "sip" | "whatsapp";
  readonly phone?: string;
  readonly userId?: string;
  readonly name?: string;
  readonly reason?: string;
  readonly summary?: string;
  /** RFC 3339; people have the conversation until then, unless they hand it back. */
  readonly until?: string;
}
