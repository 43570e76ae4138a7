import type {
  ChannelName,
  JsonValue,
  OfferNote,
} from "../conversation/state.js";

/** What every effect has. */
export interface Common {
  /** Under which its receiver drops a repeat: made from the event's id. */
  readonly key: string;
  /** The digest of the event that it comes from. */
  readonly of: string;
  /** The id of that event. */
  readonly eventId: string;
  readonly requestId: string;
  readonly traceparent?: string;
  /** Given up with its event's dead letter; played again when that is. */
  readonly buried?: boolean;
}

interface AboutIntent {
  readonly intentId: string;
}

/** What is to be done outside, as data. */
export type Effect = Common &
  (
    | {
        readonly kind: "register_opt_out";
        readonly channel: ChannelName;
        readonly reason?: string;
        readonly at: string;
      }
    | ({ readonly kind: "know_lead" } & AboutIntent)
    | {
        readonly kind: "note_channel";
        /** The channel on which the person was heard last. */
        readonly channel: ChannelName;
      }
    | ({
        readonly kind: "rank";
        readonly name: string;
        readonly slots: Readonly<Record<string, JsonValue>>;
        readonly contact: string;
      } & AboutIntent)
    | ({ readonly kind: "register_buyer" } & AboutIntent)
    | ({
        readonly kind: "add_intent";
        readonly buyerId: string;
        readonly channel: ChannelName;
        readonly name: string;
        readonly slots: Readonly<Record<string, JsonValue>>;
      } & AboutIntent)
    | ({
        readonly kind: "add_ranking";
        readonly buyerId: string;
        readonly rankingId: string;
        readonly offers: readonly OfferNote[];
      } & AboutIntent)
    | ({
        readonly kind: "reserve";
        readonly buyerId: string;
        readonly amount: number;
        readonly currency: string;
        readonly expiresAt: string;
      } & AboutIntent)
    | ({
        readonly kind: "release";
        readonly reservationId: string;
      } & AboutIntent)
    | {
        readonly kind: "publish";
        readonly what: Published;
      }
    | {
        readonly kind: "send_whatsapp";
        readonly purpose: "reply" | "notice" | "payment" | "ranking";
        readonly text: string;
        readonly dedupeKey: string;
        readonly agent?: string;
        readonly callId?: string;
        readonly inReplyTo?: string;
        readonly at: string;
      }
    | {
        readonly kind: "answer_turn";
        readonly text: string;
        readonly messageId: string;
        readonly agent: string;
        readonly at: string;
      }
    | {
        readonly kind: "place_call";
        readonly to: string;
        readonly agent: string;
        readonly messageId: string;
        readonly at: string;
      }
    | {
        readonly kind: "hand_over";
        readonly queue: string;
        readonly reason?: string;
        readonly summary: string;
        readonly at: string;
        readonly until: string;
      }
    | {
        readonly kind: "check_handover";
        readonly handoverId: string;
        /** What was written meanwhile, to be answered when the conversation was handed back. */
        readonly text: string;
        readonly messageId: string;
        readonly agent: string;
        readonly at: string;
      }
    | {
        readonly kind: "keep_conversation";
        readonly buyerId: string;
        readonly summary: string;
        readonly at: string;
      }
  );

/** What goes to `broker.outbound`; who it is about is added when it goes. */
export type Published =
  | {
      readonly type: "opt_out.registered";
      readonly channel: ChannelName;
      readonly reason?: string;
      readonly registeredAt: string;
      readonly at: string;
    }
  | {
      readonly type: "ranking.forwarded";
      readonly intentId: string;
      readonly rankingId: string;
      readonly buyerId: string;
      readonly reservationId?: string;
      readonly offers: readonly OfferNote[];
      readonly agent: string;
      readonly callId?: string;
      readonly at: string;
    }
  | {
      readonly type: "payment.requested";
      readonly paymentId: string;
      readonly method: "momo_ussd" | "payment_link" | "manual";
      readonly region: string;
      readonly amount: number;
      readonly currency: string;
      readonly ussd?: string;
      readonly url?: string;
      readonly agent: string;
      readonly callId?: string;
      readonly at: string;
    }
  | {
      readonly type: "conversation.updated";
      readonly lastEventType: string;
      readonly handover: HandoverNews;
      readonly at: string;
    }
  | {
      readonly type: "lead.updated";
      readonly leadId: string;
      readonly name?: string;
      readonly language?: string;
      readonly tags: readonly string[];
      readonly source?: string;
      readonly optedOut: boolean;
      readonly at: string;
    };

/** Who answers a person from now on: people, or the agent again. */
export interface HandoverNews {
  readonly state: "with_human" | "over";
  readonly handoverId?: string;
  readonly queue: string;
  readonly to?: string;
  readonly until: string;
  readonly reason?: string;
  /** What was said so far. */
  readonly summary?: string;
}

export type EffectKind = Effect["kind"];
export type EffectOf<K extends EffectKind> = Extract<Effect, { kind: K }>;

/** What came of an effect; a failure that may pass is none of them. */
export type Outcome =
  | { readonly kind: "opt_out_registered"; readonly at: string }
  | {
      readonly kind: "lead";
      readonly lead:
        | {
            readonly leadId: string;
            readonly phone?: string;
            readonly userId?: string;
            readonly name?: string;
            readonly language?: string;
            readonly tags: readonly string[];
            readonly source?: string;
            readonly optedOut: boolean;
            readonly optIn?: boolean;
          }
        | undefined;
    }
  | {
      readonly kind: "ranking";
      readonly rankingId: string;
      readonly offers: readonly OfferNote[];
    }
  | { readonly kind: "buyer"; readonly buyerId: string }
  | { readonly kind: "reserved"; readonly reservationId?: string }
  | {
      readonly kind: "answered";
      readonly text: string;
      readonly intent?: {
        readonly name: string;
        readonly slots: Readonly<Record<string, JsonValue>>;
        readonly confidence: number;
      };
      /** A payment that was issued while answering; the text tells of it. */
      readonly payment?: {
        readonly paymentId: string;
        readonly method: "momo_ussd" | "payment_link" | "manual";
        readonly amount: number;
        readonly currency: string;
        readonly ussd?: string;
        readonly url?: string;
      };
    }
  | {
      readonly kind: "handed_over";
      readonly handoverId?: string;
      readonly to: string;
    }
  /** Whether people still have the conversation; if not, what they noted. */
  | {
      readonly kind: "handover";
      readonly isWithHuman: boolean;
      readonly notes?: string;
    }
  | { readonly kind: "calling" }
  | { readonly kind: "done" }
  /** The other side says no, and would say so again. */
  | { readonly kind: "refused"; readonly code: string }
  /** Not done, because it may not be done any more. */
  | { readonly kind: "withheld"; readonly reason: string };
