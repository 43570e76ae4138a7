import { z } from "zod";
import { routingDocumentKey, routingHashAnnotation } from "../api/index.js";

const strings = z.record(z.string(), z.string());

/** No instructions are as long as this: what is longer is not kept. */
const maxKeptCharacters = 131_072;

const configMap = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  data: strings.default({}),
});

const routingConfigMap = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: strings.default({}),
  }),
  data: strings.default({}),
});

const configMapSource = z.object({ name: z.string() }).optional();

const pod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: strings.default({}),
  }),
  spec: z.object({
    volumes: z
      .array(
        z.object({
          configMap: configMapSource,
          projected: z
            .object({
              sources: z
                .array(z.object({ configMap: configMapSource }))
                .default([]),
            })
            .optional(),
        }),
      )
      .default([]),
  }),
});

/** A ConfigMap in which an agent's instructions may be. */
export interface WordsConfigMap {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly data: Readonly<Record<string, string>>;
}

/** The ConfigMap that the services mount, as it is now. */
export interface RoutingConfigMap {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly text: string | undefined;
  /** What its annotation says of the text. */
  readonly hash: string | undefined;
}

/** A pod of the release, as far as its mounts are concerned. */
export interface MountingPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string | undefined;
  };
  /** Of the document that kubelet was told of. */
  readonly hash: string | undefined;
  readonly configMaps: readonly string[];
}

/** Reads a ConfigMap for its words. Throws when it is none. */
export function parseWordsConfigMap(raw: unknown): WordsConfigMap {
  const { metadata, data } = configMap.parse(raw);
  return {
    metadata,
    data: Object.fromEntries(
      Object.entries(data).filter(
        ([, text]) => text.length <= maxKeptCharacters,
      ),
    ),
  };
}

/** Reads the routing ConfigMap. Throws when it is none. */
export function parseRoutingConfigMap(raw: unknown): RoutingConfigMap {
  const { metadata, data } = routingConfigMap.parse(raw);
  const { annotations, ...rest } = metadata;
  return {
    metadata: rest,
    text: data[routingDocumentKey],
    hash: annotations[routingHashAnnotation],
  };
}

/** Reads a pod. Throws when it is none. */
export function parseMountingPod(raw: unknown): MountingPod {
  const { metadata, spec } = pod.parse(raw);
  const { annotations, ...rest } = metadata;
  return {
    metadata: rest,
    hash: annotations[routingHashAnnotation],
    configMaps: spec.volumes
      .flatMap(({ configMap: own, projected }) => [
        own,
        ...(projected?.sources.map((source) => source.configMap) ?? []),
      ])
      .flatMap((source) => (source === undefined ? [] : [source.name])),
  };
}
