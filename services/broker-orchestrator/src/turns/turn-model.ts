import type { Agent } from "@easymo/routing";

/** Who answers a person's turn in a conversation. */
export interface TurnModel {
  /**
   * Answers one turn. Never rejects because a model is away: it falls back to what can be said without one. An empty text
   * means that nothing is to be said. A repeat of a turn's key is answered as the first was.
   */
  answer(turn: TurnRequest, signal: AbortSignal): Promise<TurnAnswer>;
}

/** One thing that was said before, on whichever channel. */
export interface TurnLine {
  readonly role: "user" | "assistant";
  readonly text: string;
  readonly channel: string;
  /** RFC 3339. */
  readonly at: string;
}

export interface TurnRequest {
  readonly tenantId: string;
  readonly agent: Agent;
  readonly contact: {
    readonly phone?: string;
    readonly userId?: string;
    readonly name?: string;
    readonly language?: string;
  };
  readonly history: readonly TurnLine[];
  /** What the person says now; it is not in the history yet. */
  readonly text: string;
  /** What is known of the person besides, in sentences: payments asked for, calls, what was found for them. */
  readonly facts: readonly string[];
  /** Whoever asks for it is called on their number; default: nobody can be. */
  readonly canCall?: boolean;
  /** The turn's idempotency key, derived from the event's id. */
  readonly key: string;
}

export interface TurnAnswer {
  readonly text: string;
  /** What the person wants, when the answer found it out. */
  readonly intent?: {
    readonly name: string;
    readonly slots: Readonly<Record<string, unknown>>;
    readonly confidence: number;
  };
  /** A payment that was issued in this turn; the text tells how to pay it. */
  readonly payment?: {
    readonly paymentId: string;
    readonly method: "momo_ussd" | "payment_link" | "manual";
    /** In the currency's minor unit. */
    readonly amount: number;
    readonly currency: string;
    readonly ussd?: string;
    readonly url?: string;
  };
  readonly usage?: {
    readonly inputTokens: number;
    readonly outputTokens: number;
  };
  readonly by: "model" | "offline" | "rules";
}
