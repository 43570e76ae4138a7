import type { TopicsReadyReason } from "../api/index.js";
import type { FoundCondition } from "../runtime/index.js";
import type { ObservedTopic } from "./observed.js";

/** A topic as topics.yaml declares it. */
export interface DeclaredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string | number | boolean>>;
}

/** How a topic stands. `unmanaged`: nobody here knows, for none of them is a KafkaTopic. */
export const topicStates = [
  "ready",
  "pending",
  "not_ready",
  "differs",
  "missing",
  "unmanaged",
] as const;
export type TopicState = (typeof topicStates)[number];

export interface TopicVerdict {
  readonly name: string;
  readonly state: TopicState;
  readonly reason: TopicsReadyReason;
  /** A sentence for a person; for `ready`, that it is. */
  readonly message: string;
  /** The KafkaTopic that it is about, where there is one. */
  readonly topic: ObservedTopic | undefined;
}

/** Strimzi's topic operator has so long for a topic that was just made. */
const PENDING_MS = 120_000;

/** How each declared topic stands. Pure. */
export function topicVerdicts(
  declared: readonly DeclaredTopic[],
  observed: readonly ObservedTopic[],
  nowMs: number,
): TopicVerdict[] {
  const byName = new Map(observed.map((one) => [one.topic, one]));
  const isManaged = declared.some(({ name }) => byName.has(name));
  return declared.map((wanted) => {
    const { name } = wanted;
    const topic = byName.get(name);
    if (topic !== undefined) return verdictOf(wanted, topic, nowMs);
    return isManaged
      ? {
          name,
          state: "missing",
          reason: "Missing",
          message: `there is no KafkaTopic for ${name}`,
          topic,
        }
      : {
          name,
          state: "unmanaged",
          reason: "Unmanaged",
          message: `no KafkaTopic says how ${name} stands`,
          topic,
        };
  });
}

/** In this order: what Strimzi cannot do, what was asked of it otherwise, what it has not looked at yet. */
function verdictOf(
  declared: DeclaredTopic,
  topic: ObservedTopic,
  nowMs: number,
): TopicVerdict {
  const { name } = declared;
  const { ready } = topic;
  if (ready?.isReady === false) {
    const why = [ready.reason, ready.message].filter(
      (part) => part !== undefined,
    );
    return {
      name,
      state: "not_ready",
      reason: "NotReady",
      message: `Strimzi says that ${name} is not ready${why.length === 0 ? "" : `: ${why.join(": ")}`}`,
      topic,
    };
  }
  const differences = differencesOf(declared, topic);
  if (differences.length > 0)
    return {
      name,
      state: "differs",
      reason: "Differs",
      message: `${name} is not as topics.yaml declares it: ${differences.join(", ")}`,
      topic,
    };
  if (ready !== undefined)
    return {
      name,
      state: "ready",
      reason: "Ready",
      message: `${name} is as topics.yaml declares it`,
      topic,
    };
  const isNew = nowMs - topic.createdAtMs < PENDING_MS;
  return {
    name,
    state: isNew ? "pending" : "not_ready",
    reason: isNew ? "Pending" : "NotReconciled",
    message: `Strimzi's topic operator has not looked at ${name} yet`,
    topic,
  };
}

function differencesOf(
  declared: DeclaredTopic,
  { partitions, config, overrides }: ObservedTopic,
): string[] {
  const wanted = overrides.partitions ?? declared.partitions;
  const settings = Object.entries({ ...declared.config, ...overrides.config });
  return [
    ...(partitions === undefined || partitions === wanted
      ? []
      : [`${partitions} partitions instead of ${wanted}`]),
    ...settings
      .filter(([key, value]) => config[key] !== String(value))
      .map(([key, value]) =>
        config[key] === undefined
          ? `no ${key} (${String(value)})`
          : `${key} ${config[key]} instead of ${String(value)}`,
      ),
  ];
}

/** Where the condition is: on each Agent, for an agent can do nothing without its topics. */
export const topicsConditionType = "TopicsReady";

/** One condition for all of the topics. Pure. */
export function topicsCondition(
  verdicts: readonly TopicVerdict[],
  clusterName: string,
): Omit<FoundCondition, "observedGeneration"> {
  const type = topicsConditionType;
  const wrong = verdicts.filter(({ state }) => state !== "ready");
  const [first] = wrong;
  if (first === undefined)
    return {
      type,
      status: "True",
      reason: "Ready",
      message: `all ${verdicts.length} topics of ${clusterName} are ready`,
    };
  if (first.state === "unmanaged")
    return {
      type,
      status: "Unknown",
      reason: "Unmanaged",
      message: `there is no KafkaTopic of the cluster ${clusterName} here: Strimzi is not installed, or the topics are made otherwise`,
    };
  const worst = wrong.find(({ state }) => state !== "pending") ?? first;
  return {
    type,
    status: "False",
    reason: worst.reason,
    message: wrong.map(({ message }) => message).join("; "),
  };
}
