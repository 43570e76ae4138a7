import { z } from "zod";

const strings = z.record(z.string(), z.string()).default({});

const pod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: strings,
    annotations: strings,
  }),
  spec: z.object({
    containers: z
      .array(
        z.object({
          ports: z
            .array(
              z.object({
                name: z.string().optional(),
                containerPort: z.int(),
              }),
            )
            .default([]),
        }),
      )
      .default([]),
  }),
  status: z
    .object({ phase: z.string().optional(), podIP: z.string().optional() })
    .default({}),
});

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#pod-deletion-cost */
export const deletionCostAnnotation =
  "controller.kubernetes.io/pod-deletion-cost";

/** https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-types-of-pods-can-prevent-ca-from-removing-a-node */
export const safeToEvictAnnotation =
  "cluster-autoscaler.kubernetes.io/safe-to-evict";

/** A pod of the release that tells of its calls or its channels. */
export interface ServingPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
  };
  /** The service that runs in it: `app.kubernetes.io/name`. */
  readonly service: string;
  /** Running, and not told to end. */
  readonly isUp: boolean;
  /** Where its metrics are, as far as it has an address yet. */
  readonly address: { readonly ip: string; readonly port: number } | undefined;
  /** What its annotations say now, of how costly its end would be. */
  readonly deletionCost: string | undefined;
  readonly safeToEvict: string | undefined;
}

/** Reads a pod. Throws when it is none. */
export function parseServingPod(raw: unknown): ServingPod {
  const { metadata, spec, status } = pod.parse(raw);
  const { name, namespace, uid, labels, annotations } = metadata;
  const port = spec.containers
    .flatMap(({ ports }) => ports)
    .find((one) => one.name === "http")?.containerPort;
  const ip = status.podIP;
  return {
    metadata: { name, namespace, uid },
    service: labels["app.kubernetes.io/name"] ?? "",
    isUp:
      status.phase === "Running" && metadata.deletionTimestamp === undefined,
    address: ip === undefined || port === undefined ? undefined : { ip, port },
    deletionCost: annotations[deletionCostAnnotation],
    safeToEvict: annotations[safeToEvictAnnotation],
  };
}
