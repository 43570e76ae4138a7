import type { Clock, Metrics } from "@easymo/service-kit";
import {
  isConflict,
  isNotFound,
  keyText,
  resources,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
  type Reconciler,
  type ReconcileResult,
} from "../runtime/index.js";
import type { ChannelTrafficLedger } from "../traffic/ledger.js";
import { marksOf, type Marks } from "./decide.js";
import {
  deletionCostAnnotation,
  safeToEvictAnnotation,
  type ServingPod,
} from "./observed.js";
import { scrape, type ScrapeOptions } from "./scrape.js";

/** The services whose metrics tell of channels; the pods of the first also have calls. */
export const callService = "voice-bridge";
const services: ReadonlySet<string> = new Set([
  callService,
  "whatsapp-bot",
  "sip-ingress",
]);

/** How old a pod's marks may be. */
const SCRAPE_EVERY_MS = 5_000;
const SCRAPE_TIMEOUT_MS = 3_000;

export interface DisruptionReconcilerOptions {
  readonly kubernetes: Kubernetes;
  /** The release's pods. */
  readonly pods: ObjectCache<ServingPod>;
  readonly traffic: ChannelTrafficLedger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly urlOf?: ScrapeOptions["urlOf"];
  readonly scrapeEveryMs?: number;
  readonly scrapeTimeoutMs?: number;
}

/**
 * Whom would it cut off if this pod ended? Each pod of the release is asked for its calls now and then, and marked
 * accordingly, so that scale-downs and drains take idle pods first. How many are asked at once is the number of the
 * controller's workers.
 */
export class DisruptionReconciler implements Reconciler {
  readonly name = "disruption";
  readonly #options: DisruptionReconcilerOptions;
  readonly #states = new Map<string, Marks["state"]>();
  #term: AbortSignal | undefined;

  constructor(options: DisruptionReconcilerOptions) {
    this.#options = options;
    options.metrics.gauge(
      "easymo_operator_call_pods",
      "Pods of voice-bridge, by what they answered: idle, busy, silent",
      ["state"],
      (gauge) => {
        for (const state of ["idle", "busy", "silent"] as const)
          gauge.set({ state }, this.#count(state));
      },
    );
  }

  async reconcile(
    key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    this.#beginTerm(context.signal);
    const { pods, traffic, clock, urlOf } = this.#options;
    const pod = pods.get(key);
    if (pod === undefined || !pod.isUp || !services.has(pod.service)) {
      this.#states.delete(keyText(key));
      return undefined;
    }
    const timeoutMs = this.#options.scrapeTimeoutMs ?? SCRAPE_TIMEOUT_MS;
    const scraped = await scrape(
      pod,
      { clock, timeoutMs, urlOf },
      context.signal,
    );
    // Given up, not silent.
    context.assertLeader();
    traffic.seen(scraped.trafficAtMs);
    if (pod.service === callService) {
      const marks = marksOf(pod, scraped.load);
      this.#states.set(keyText(key), marks.state);
      if (!marks.isSame) await this.#mark(pod, marks);
    }
    const requeueAfterMs = this.#options.scrapeEveryMs ?? SCRAPE_EVERY_MS;
    return { requeueAfterMs };
  }

  async #mark({ metadata }: ServingPod, marks: Marks): Promise<void> {
    const { uid, ...key } = metadata;
    await this.#options.kubernetes
      .patchMetadata(resources.pods, key, {
        uid,
        annotations: {
          [deletionCostAnnotation]: marks.deletionCost,
          [safeToEvictAnnotation]: marks.safeToEvict,
        },
      })
      .catch((error: unknown) => {
        // It has gone meanwhile, or another one has come in its place: the cache will know.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
  }

  /** What was counted while leading is nobody's any more afterwards. */
  #beginTerm(signal: AbortSignal): void {
    if (this.#term === signal) return;
    this.#term = signal;
    this.#states.clear();
    signal.addEventListener("abort", () => this.#states.clear(), {
      once: true,
    });
  }

  #count(state: Marks["state"]): number {
    return [...this.#states.values()].filter((one) => one === state).length;
  }
}
