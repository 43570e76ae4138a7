import type { Clock, Gauge, Metrics } from "@easymo/service-kit";
import type { Agent } from "../api/index.js";
import {
  isConflict,
  isNotFound,
  setCondition,
  type EventRecorder,
  type FoundCondition,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
  type Reconciler,
  type ReconcileResult,
} from "../runtime/index.js";
import {
  topicsCondition,
  topicStates,
  topicVerdicts,
  type DeclaredTopic,
  type TopicState,
  type TopicVerdict,
} from "./decide.js";
import type { ObservedTopic } from "./observed.js";

/** Who owns the condition `TopicsReady`; what others write in the status is theirs. */
const statusManager = "easymo-operator-topics";

/** What nothing is heard of (a topic that stays new) is looked at again then. */
const AGAIN_MS = 60_000;

export interface TopicsReconcilerOptions {
  readonly kubernetes: Kubernetes;
  /** The KafkaTopics of the cluster; none where Strimzi is not installed. */
  readonly topics: ObjectCache<ObservedTopic>;
  readonly agents: ObjectCache<Agent>;
  /** What topics.yaml declares. */
  readonly declared: readonly DeclaredTopic[];
  readonly clusterName: string;
  readonly events: EventRecorder;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Can events go where they should? Says of the release's topics which are not ready or not as declared: in a metric, in
 * an event on the KafkaTopic, and in a condition of each Agent. It changes no topic: that is Strimzi's, and whoever
 * installed the release's. One key stands for all of them.
 */
export class TopicsReconciler implements Reconciler {
  readonly name = "topics";
  readonly #options: TopicsReconcilerOptions;
  readonly #gauge: Gauge<"state">;
  /** By KafkaTopic: what was said of it last. */
  readonly #said = new Map<string, string>();
  #term: AbortSignal | undefined;

  constructor(options: TopicsReconcilerOptions) {
    this.#options = options;
    this.#gauge = options.metrics.gauge(
      "easymo_operator_topics",
      "Kafka's topics, by how they stand: ready, pending, not_ready, differs, missing, unmanaged; told by who leads",
      ["state"],
    );
  }

  async reconcile(
    _key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    this.#beginTerm(context.signal);
    const { topics, declared, clusterName, clock } = this.#options;
    // What has not been listed yet would look as if it were missing.
    if (!topics.synced()) return { requeueAfterMs: 1_000 };
    const verdicts = topicVerdicts(declared, topics.list(), clock.now());
    this.#count(verdicts);
    this.#say(verdicts);
    await this.#tellAgents(topicsCondition(verdicts, clusterName), context);
    return verdicts.every(({ state }) => state === "ready")
      ? undefined
      : { requeueAfterMs: AGAIN_MS };
  }

  #count(verdicts: readonly TopicVerdict[]): void {
    const count = (wanted: TopicState): number =>
      verdicts.filter(({ state }) => state === wanted).length;
    for (const state of topicStates) this.#gauge.set({ state }, count(state));
  }

  /** Once for each change, on what it is about. */
  #say(verdicts: readonly TopicVerdict[]): void {
    for (const { topic, state, reason, message } of verdicts) {
      if (topic === undefined || state === "pending") continue;
      const { uid } = topic.metadata;
      const before = this.#said.get(uid);
      if (before === message) continue;
      this.#said.set(uid, message);
      const isWrong = state !== "ready";
      if (isWrong || before !== undefined)
        this.#options.events.record(topic, {
          type: isWrong ? "Warning" : "Normal",
          reason: isWrong ? `Topic${reason}` : "TopicReady",
          message,
        });
    }
  }

  async #tellAgents(
    found: Omit<FoundCondition, "observedGeneration">,
    context: ReconcileContext,
  ): Promise<void> {
    for (const agent of this.#options.agents.list()) {
      const before = agent.status?.conditions ?? [];
      const told = before.find(({ type }) => type === found.type);
      const isSame =
        told?.status === found.status &&
        told.reason === found.reason &&
        told.message === found.message;
      if (isSame) continue;
      context.assertLeader();
      await this.#tell(agent, found);
    }
  }

  async #tell(
    { apiVersion, kind, metadata, status }: Agent,
    found: Omit<FoundCondition, "observedGeneration">,
  ): Promise<void> {
    const { name, namespace, uid, generation } = metadata;
    const conditions = setCondition(
      status?.conditions ?? [],
      { ...found, observedGeneration: generation },
      this.#options.clock.now(),
    ).filter(({ type }) => type === found.type);
    await this.#options.kubernetes
      .applyStatus(
        {
          apiVersion,
          kind,
          metadata: { name, namespace, uid },
          status: { conditions },
        },
        { fieldManager: statusManager },
      )
      .catch((error: unknown) => {
        // It has gone, or another one has come in its place: the cache will know.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
  }

  /** Who does not lead any more knows nothing of the topics. */
  #beginTerm(signal: AbortSignal): void {
    if (this.#term === signal) return;
    this.#term = signal;
    this.#said.clear();
    signal.addEventListener("abort", () => this.#gauge.reset(), { once: true });
  }
}
