/** What the page and the demo's server say to each other about conversations, money and dead letters. */

/** Something that the orchestrator is to do, or has done, outside. */
export interface EffectNote {
  /** Under which its receiver drops a repeat. */
  readonly key: string;
  readonly kind: string;
  /** In the outbox; gone from it; given up until its dead letter is replayed. */
  readonly state: "to do" | "done" | "given up";
  readonly atMs: number;
  /** What is to be done, as JSON. */
  readonly detail: string;
}

/** People answer the person, until then at the latest. */
export interface HandoverNote {
  readonly queue: string;
  /** RFC 3339. */
  readonly until: string;
}

/** One person's conversation with one tenant, over all channels. */
export interface ConversationNote {
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** By what the person is known: number, user id, SIP address. */
  readonly names: readonly string[];
  readonly callIds: readonly string[];
  readonly channels: readonly string[];
  readonly turns: number;
  readonly optedOut: boolean;
  readonly buyerId: string;
  /** Undefined while the agent answers. */
  readonly handover: HandoverNote | undefined;
  readonly updatedAt: string;
  /** The state as it is stored, as JSON. */
  readonly state: string;
  readonly effects: readonly EffectNote[];
}

export interface CandidateNote {
  readonly vendorId: string;
  readonly name: string;
  readonly score: number;
  readonly price: number;
  readonly currency: string;
  readonly reasons: readonly string[];
}

export interface RankingNote {
  readonly rankingId: string;
  /** What was wanted, in a line. */
  readonly intent: string;
  readonly candidates: readonly CandidateNote[];
}

export interface EntryNote {
  readonly at: string;
  /** More than zero came in, less went out. */
  readonly amount: number;
  readonly balance: number | undefined;
  readonly counterparty: string;
  readonly memo: string;
}

/** What agent-core has of a buyer. Amounts are in the currency's minor unit. */
export interface BuyerNote {
  readonly rankings: readonly RankingNote[];
  readonly currency: string;
  readonly balance: number;
  readonly reserved: number;
  readonly entries: readonly EntryNote[];
}

/** A record that a consumer gave up on. */
export interface DeadLetterNote {
  /** Partition and offset: `1-42`. */
  readonly id: string;
  readonly failedAtMs: number;
  readonly topic: string;
  readonly group: string;
  readonly type: string;
  readonly attempts: number;
  readonly reason: string;
  readonly error: string;
}
