import { deriveEventId } from "@easymo/messaging";
import type { Effect } from "../machine/effects.js";
import type { TurnLine } from "../turns/turn-model.js";
import type { Names } from "./identity.js";

export const channels = ["voice", "sip", "whatsapp"] as const;
export type ChannelName = (typeof channels)[number];

/** One call of a conversation. Times are RFC 3339. */
export interface CallNote {
  readonly callId: string;
  readonly channel: "voice" | "sip";
  readonly direction?: "inbound" | "outbound";
  readonly at: string;
  readonly connected: boolean;
  /** What the person said on it was heard at least once. */
  readonly spoke: boolean;
  readonly ended?: { readonly at: string; readonly reason: string };
  /** Whoever missed it, or was cut off, or is told what it came to: once. */
  readonly followedUp: boolean;
}

/** A candidate of a ranking, as far as it is told further. Amounts are in the currency's minor unit. */
export interface OfferNote {
  readonly vendorId: string;
  readonly name: string;
  readonly score: number;
  readonly price: number;
  readonly currency: string;
  readonly reasons: readonly string[];
}

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** One wish of a person, from its capture to the offers that were forwarded. */
export interface IntentNote {
  readonly intentId: string;
  /** The id of the event that it came by; every key of its effects is made from it. */
  readonly eventId: string;
  readonly name: string;
  readonly slots: Readonly<Record<string, JsonValue>>;
  readonly channel: ChannelName;
  readonly agent: string;
  readonly contact: string;
  readonly callId?: string;
  readonly at: string;
  readonly rankingId?: string;
  readonly offers?: readonly OfferNote[];
  readonly buyerId?: string;
  /** Handed to the buyer service and to the wallet, and answered. */
  readonly rankingAccepted?: boolean;
  readonly reservation?: { readonly id?: string; readonly outcome: string };
  readonly forwarded?: boolean;
  /** The wish that says the same more exactly; money is held for that one. */
  readonly replacedBy?: string;
}

/** A payment that was asked for. */
export interface PaymentNote {
  readonly paymentId: string;
  readonly amount: number;
  readonly currency: string;
  readonly ussd?: string;
  readonly url?: string;
  readonly callId?: string;
  readonly at: string;
  /** The person has it in writing. */
  readonly isWritten?: boolean;
}

/** People answer the person, until they hand the conversation back or the time is up. */
export interface HandoverNote {
  /** Absent until agent-core has it. */
  readonly handoverId?: string;
  readonly queue: string;
  readonly to?: string;
  readonly at: string;
  readonly until: string;
}

/** Everything that is known of one person's conversation with one tenant. Plain data, never changed in place. */
export interface Conversation {
  readonly schema: 1;
  readonly id: string;
  readonly tenantId: string;
  readonly names: Names;
  readonly name?: string;
  readonly language?: string;
  readonly agent?: string;
  readonly channels: readonly ChannelName[];
  readonly lastChannel?: ChannelName;
  readonly turns: number;
  readonly lines: readonly TurnLine[];
  /** When the person last wrote, to which of our numbers: for 24 hours anything may be sent. */
  readonly whatsapp?: {
    readonly wroteAt: string;
    readonly phoneNumberId?: string;
  };
  readonly optedOut?: { readonly at: string; readonly channel: ChannelName };
  /** When the person last wanted messages again. */
  readonly optedInAt?: string;
  /** What the registry says of being written to; false is a no. */
  readonly optIn?: boolean;
  readonly leadId?: string;
  readonly buyerId?: string;
  readonly handover?: HandoverNote;
  readonly calls: readonly CallNote[];
  readonly intents: readonly IntentNote[];
  readonly payments: readonly PaymentNote[];
  /** Digests of the events that were taken, newest last. */
  readonly seen: readonly string[];
  /** What is to be done, and is not known to be done. */
  readonly outbox: readonly Effect[];
  readonly updatedAt: string;
}

/** A conversation in which nothing happened yet. */
export function newConversation(
  tenantId: string,
  names: Names,
  key: string,
  at: string,
): Conversation {
  return {
    schema: 1,
    id: deriveEventId("conversation", tenantId, key),
    tenantId,
    names,
    channels: [],
    turns: 0,
    lines: [],
    calls: [],
    intents: [],
    payments: [],
    seen: [],
    outbox: [],
    updatedAt: at,
  };
}

/** The person as events name them: E.164, or else the user id, the SIP address, the call. */
export function contactOf({ names }: Conversation): string {
  return (
    names.phone ?? names.userId ?? names.sip ?? names.callIds?.at(-1) ?? ""
  );
}

/** Whether something is left to be done that was not given up. Pure. */
export function hasOpenEffects({ outbox }: Conversation): boolean {
  return outbox.some(({ buried }) => buried !== true);
}
