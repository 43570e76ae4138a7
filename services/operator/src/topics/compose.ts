import { topicCatalogue } from "@easymo/messaging/topics";
import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import type { Agent } from "../api/index.js";
import {
  createController,
  fixedKeys,
  Informer,
  keysFrom,
  resources,
  type Controller,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
} from "../runtime/index.js";
import type { DeclaredTopic } from "./decide.js";
import { parseTopic, type ObservedTopic } from "./observed.js";
import { TopicsReconciler } from "./reconciler.js";

/** Strimzi writes several topics' status in one go. */
const COALESCE_MS = 200;

export interface TopicsDeps {
  readonly kubernetes: Kubernetes;
  readonly agents: ObjectCache<Agent>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface TopicsSettings {
  /** Where the KafkaTopics are: the release's own namespace. */
  readonly namespace: string;
  readonly clusterName: string;
  readonly resyncMs: number;
  /** Default: what topics.yaml declares. */
  readonly declared?: readonly DeclaredTopic[];
}

/** What answers the question of topics. */
export interface TopicsParts {
  readonly controllers: readonly Controller[];
  readonly informers: readonly Informer<ObservedTopic>[];
}

export function composeTopics(
  deps: TopicsDeps,
  settings: TopicsSettings,
): TopicsParts {
  const { namespace, clusterName, resyncMs } = settings;
  const key = { namespace, name: "topics" };
  const topics = new Informer(deps, {
    type: resources.kafkaTopics,
    selection: {
      namespace,
      labelSelector: `strimzi.io/cluster=${clusterName}`,
    },
    parse: parseTopic,
    // Where Strimzi is not installed, it is looked for again now and then.
    optional: true,
  });
  const controller = createController({
    ...deps,
    reconciler: new TopicsReconciler({
      ...deps,
      topics,
      declared: settings.declared ?? topicCatalogue,
      clusterName,
    }),
    sources: [
      fixedKeys(key),
      keysFrom(topics, () => [key]),
      keysFrom(deps.agents, () => [key]),
    ],
    resyncMs,
    coalesceMs: COALESCE_MS,
  });
  return { controllers: [controller], informers: [topics] };
}
