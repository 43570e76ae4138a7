import type { ObjectKey } from "./object-key.js";

/** What came of one look at one key. */
export interface ReconcileResult {
  /** Look again then, though nothing may have happened. */
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  /** Aborted when the operator stops, or does not lead any more. */
  readonly signal: AbortSignal;
  /** Call it right before each write to the world outside. Throws NotLeaderError when another replica may lead. */
  assertLeader(): void;
}

/**
 * One question about the world: looks at what is there (never at what happened), and makes it as it should be. Called
 * for one key at a time, again and again; whatever it rejects with is logged, counted and tried again later.
 */
export interface Reconciler {
  /** The label `controller` of the metrics. */
  readonly name: string;
  reconcile(
    key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void>;
}
