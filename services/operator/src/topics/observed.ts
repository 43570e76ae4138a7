import { z } from "zod";
import type { EventTarget } from "../runtime/index.js";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const topic = z.object({
  apiVersion: z.string().default("kafka.strimzi.io/v1"),
  kind: z.string().default("KafkaTopic"),
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    generation: z.int().default(1),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z
    .object({
      topicName: z.string().optional(),
      partitions: z.int().optional(),
      config: z.record(z.string(), z.unknown()).default({}),
    })
    .default({ config: {} }),
  status: z
    .object({
      observedGeneration: z.int().optional(),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
    })
    .optional(),
});

/** What a release chose otherwise than topics.yaml, and wrote down: see the chart kafka-topics. */
export const overridesAnnotation = "bridges.easymo.dev/overrides";

const overrides = z.object({
  partitions: z.int().optional(),
  config: z.record(z.string(), scalar).default({}),
});

/** What a release chose otherwise than topics.yaml. */
export type TopicOverrides = z.infer<typeof overrides>;

/** A KafkaTopic, as far as it is looked at. */
export interface ObservedTopic extends EventTarget {
  /** In Kafka. */
  readonly topic: string;
  readonly partitions: number | undefined;
  readonly config: Readonly<Record<string, string>>;
  readonly overrides: TopicOverrides;
  /** What Strimzi says of it; undefined when it has not looked at what is asked for now. */
  readonly ready:
    | {
        readonly isReady: boolean;
        readonly reason: string | undefined;
        readonly message: string | undefined;
      }
    | undefined;
  readonly createdAtMs: number;
}

/** Reads a KafkaTopic. Throws when it is none. */
export function parseTopic(raw: unknown): ObservedTopic {
  const { apiVersion, kind, metadata, spec, status } = topic.parse(raw);
  const { name, namespace, uid, generation, annotations } = metadata;
  const ready = status?.conditions.find(({ type }) => type === "Ready");
  const isCurrent = (status?.observedGeneration ?? generation) >= generation;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid },
    topic: spec.topicName ?? name,
    partitions: spec.partitions,
    config: Object.fromEntries(
      Object.entries(spec.config).flatMap(([key, value]) => {
        const plain = scalar.safeParse(value);
        return plain.success ? [[key, String(plain.data)]] : [];
      }),
    ),
    overrides: readOverrides(annotations[overridesAnnotation]),
    ready:
      ready === undefined || !isCurrent
        ? undefined
        : {
            isReady: ready.status === "True",
            reason: ready.reason,
            message: ready.message,
          },
    createdAtMs: Date.parse(metadata.creationTimestamp),
  };
}

/** An annotation that cannot be read allows nothing. */
function readOverrides(text: string | undefined): TopicOverrides {
  if (text === undefined) return { config: {} };
  try {
    const read = overrides.safeParse(JSON.parse(text));
    return read.success ? read.data : { config: {} };
  } catch {
    return { config: {} };
  }
}
