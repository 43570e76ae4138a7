import type { Clock, Logger, Metrics, Timer } from "@easymo/service-kit";
import { KubernetesError, isConflict, NotLeaderError } from "./errors.js";
import type { KeySource } from "./key-source.js";
import { reconcileMetrics, type ReconcileMetrics } from "./metrics.js";
import { keyText, type ObjectKey } from "./object-key.js";
import type { Reconciler } from "./reconciler.js";
import { WorkQueue, type WorkQueueOptions } from "./work-queue.js";

export interface ControllerOptions {
  readonly reconciler: Reconciler;
  readonly sources: readonly KeySource[];
  /** How many keys are looked at at once; default: 1. */
  readonly workers?: number;
  /** Everything is looked at again so often, though nothing was heard of it. */
  readonly resyncMs: number;
  /** A change waits so long for others that concern the same key, so that a hundred make one look; default: not. */
  readonly coalesceMs?: number;
  readonly queue?: Omit<WorkQueueOptions, "clock">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** A turn of leading: ends once, and is over from then on. */
export interface Term {
  readonly signal: AbortSignal;
  /** Throws NotLeaderError when another may lead. */
  assertLeader(): void;
}

/** Keeps one question answered, while this replica leads. */
export interface Controller {
  readonly name: string;
  /** Looks at everything, then at what changes, until the term is over; resolves when the last look has ended. */
  run(term: Term): Promise<void>;
}

export function createController(options: ControllerOptions): Controller {
  return new QueueController(options);
}

class QueueController implements Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  readonly #metrics: ReconcileMetrics;
  readonly #logger: Logger;

  constructor(options: ControllerOptions) {
    this.name = options.reconciler.name;
    this.#options = options;
    this.#queue = new WorkQueue({ ...options.queue, clock: options.clock });
    this.#logger = options.logger.child({ controller: this.name });
    this.#metrics = reconcileMetrics(
      options.metrics,
      this.name,
      () => this.#queue.depth,
    );
  }

  async run(term: Term): Promise<void> {
    const { sources, workers = 1, coalesceMs = 0 } = this.#options;
    // Listening before looking: what changes in between is looked at twice, never not at all.
    const unsubscribe = sources.map((source) =>
      source.onKeys((keys) => {
        for (const key of keys) this.#queue.addAfter(key, coalesceMs);
      }),
    );
    const resync = this.#resync(term);
    await Promise.all(Array.from({ length: workers }, () => this.#work(term)));
    resync.cancel();
    for (const stop of unsubscribe) stop();
    this.#queue.clear();
  }

  #addAll(): void {
    for (const source of this.#options.sources)
      for (const key of source.keys()) this.#queue.add(key);
  }

  #resync(term: Term): { cancel(): void } {
    const { clock, resyncMs } = this.#options;
    let timer: Timer | undefined;
    const again = (): void => {
      if (term.signal.aborted) return;
      this.#addAll();
      timer = clock.setTimeout(again, resyncMs);
    };
    again();
    return { cancel: () => timer?.cancel() };
  }

  async #work(term: Term): Promise<void> {
    for (;;) {
      const key = await this.#queue.take(term.signal);
      if (key === undefined) return;
      try {
        await this.#look(key, term);
      } finally {
        this.#queue.done(key);
      }
    }
  }

  async #look(key: ObjectKey, term: Term): Promise<void> {
    const { reconciler, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const result = await reconciler.reconcile(key, term);
      this.#queue.forget(key);
      this.#metrics.looked("success", clock.monotonicMs() - startedMs);
      const againMs = result?.requeueAfterMs;
      if (againMs !== undefined) this.#queue.addAfter(key, againMs);
    } catch (error) {
      this.#failed(key, error, term, clock.monotonicMs() - startedMs);
    }
  }

  #failed(
    key: ObjectKey,
    error: unknown,
    term: Term,
    durationMs: number,
  ): void {
    const object = keyText(key);
    if (error instanceof NotLeaderError || term.signal.aborted) {
      this.#metrics.looked("not_leader", durationMs);
      this.#logger.info({ object }, "left to the replica that leads");
      return;
    }
    if (isConflict(error)) {
      // Somebody was faster: nothing is wrong, and the cache will know soon.
      this.#metrics.looked("conflict", durationMs);
      this.#queue.addRateLimited(key);
      this.#logger.debug({ err: error, object }, "changed meanwhile");
      return;
    }
    this.#metrics.looked("error", durationMs);
    const askedMs =
      error instanceof KubernetesError ? error.retryAfterMs : undefined;
    const retryInMs = this.#queue.addRateLimited(key, askedMs);
    this.#logger.warn({ err: error, object, retryInMs }, "not reconciled");
  }
}
