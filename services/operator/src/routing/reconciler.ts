import type { Clock, Gauge, Logger, Metrics } from "@easymo/service-kit";
import {
  routingDocumentKey,
  routingHashAnnotation,
  type Agent,
  type Channel,
  type EventReason,
} from "../api/index.js";
import {
  isNotFound,
  keyText,
  resources,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
  type Reconciler,
  type ReconcileResult,
} from "../runtime/index.js";
import { RoutingCompiler, type RoutingDecision } from "./decide.js";
import { withHash } from "./document.js";
import type { InstructionsLookup } from "./entries.js";
import type {
  MountingPod,
  RoutingConfigMap,
  WordsConfigMap,
} from "./observed.js";
import { StatusWriter } from "./status-writer.js";

/** Under the API server's 1 MiB for an object, with room for what is around the document. */
const maxDocumentBytes = 900 * 1_024;

/** What the routing reconciler looks at, and writes through. */
export interface RoutingReconcilerOptions {
  readonly kubernetes: Kubernetes;
  readonly agents: ObjectCache<Agent>;
  readonly channels: ObjectCache<Channel>;
  /** Where instructions may be. */
  readonly words: ObjectCache<WordsConfigMap>;
  /** The ConfigMap that the services mount, and nothing else. */
  readonly routing: ObjectCache<RoutingConfigMap>;
  /** The release's pods. */
  readonly pods: ObjectCache<MountingPod>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** The ConfigMap's own key. */
  readonly configMap: ObjectKey;
  readonly releaseName: string;
  readonly maxBytes?: number;
}

/**
 * Which agent answers on which address? All Agents and Channels become one document in one ConfigMap; each is told what
 * became of it. One key stands for the whole.
 */
export class RoutingReconciler implements Reconciler {
  readonly name = "routing";
  readonly #options: RoutingReconcilerOptions;
  readonly #compiler = new RoutingCompiler();
  readonly #statuses: StatusWriter;
  readonly #bytes: Gauge;
  /** The last document that was written, and the version of the ConfigMap that it was written over. */
  #written: { hash: string; text: string; over: string } | undefined;

  constructor(options: RoutingReconcilerOptions) {
    this.#options = options;
    this.#statuses = new StatusWriter(options);
    this.#bytes = options.metrics.gauge(
      "easymo_operator_routing_document_bytes",
      `Size of the routing document; at most ${maxDocumentBytes} fit.`,
    );
  }

  async reconcile(
    _key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    const { configMap, maxBytes = maxDocumentBytes } = this.#options;
    const current = this.#options.routing.get(configMap);
    const decision = this.#compiler.decide({
      agents: this.#options.agents.list(),
      channels: this.#options.channels.list(),
      instructions: this.#lookUp,
      releaseNamespace: configMap.namespace,
      inForce: this.#inForce(current),
      maxBytes,
    });
    this.#bytes.set(Buffer.byteLength(decision.text));
    await this.#writeDocument(current, decision, context);
    await this.#refreshMounts(decision.hash, context);
    const isFinished = await this.#statuses.write(decision, context);
    return isFinished ? undefined : { requeueAfterMs: 1 };
  }

  readonly #lookUp: InstructionsLookup = ({ namespace, name, key }) => {
    const found = this.#options.words.get({ namespace, name });
    if (found === undefined) return { kind: "no_config_map" };
    const text = found.data[key];
    return text === undefined ? { kind: "no_key" } : { kind: "text", text };
  };

  /** Of the document that is there, if nobody has touched it; else of the one that was written last. */
  #inForce(current: RoutingConfigMap | undefined): string | undefined {
    return current?.text !== undefined && !isTouched(current)
      ? current.text
      : this.#written?.text;
  }

  async #writeDocument(
    current: RoutingConfigMap | undefined,
    { text, hash }: RoutingDecision,
    context: ReconcileContext,
  ): Promise<void> {
    if (current?.text === text && current.hash === hash) return;
    const over = current?.metadata.resourceVersion ?? "";
    // The cache may not know yet what was written a moment ago.
    if (this.#written?.hash === hash && this.#written.over === over) return;
    const { configMap, releaseName, kubernetes, events, logger } =
      this.#options;
    context.assertLeader();
    await kubernetes.apply({
      apiVersion: resources.configMaps.apiVersion,
      kind: resources.configMaps.kind,
      metadata: {
        ...configMap,
        // As the chart has it: another value would be in the way of the next upgrade.
        labels: { "app.kubernetes.io/instance": releaseName },
        annotations: { [routingHashAnnotation]: hash },
      },
      data: { [routingDocumentKey]: text },
    });
    this.#written = { hash, text, over };
    logger.info({ hash }, "routing document written");
    if (current === undefined || !isTouched(current)) return;
    logger.warn(
      { configMap: keyText(configMap) },
      "the routing document had been changed by hand",
    );
    events.record(
      { ...resources.configMaps, metadata: current.metadata },
      {
        type: "Warning",
        reason: "RoutingPutRight" satisfies EventReason,
        message:
          "The routing document had been changed by hand; it is made from Agents and Channels, and was made from them again.",
      },
    );
  }

  /**
   * kubelet looks at mounted ConfigMaps about once a minute, but at once when something of the pod changes.
   * Source: https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#mounted-configmaps-are-updated-automatically
   */
  async #refreshMounts(hash: string, context: ReconcileContext): Promise<void> {
    const { pods, configMap, kubernetes } = this.#options;
    const behind = pods
      .list()
      .filter(
        (pod) =>
          pod.metadata.namespace === configMap.namespace &&
          pod.metadata.deletionTimestamp === undefined &&
          pod.configMaps.includes(configMap.name) &&
          pod.hash !== hash,
      );
    await Promise.all(
      behind.map(async ({ metadata: { name, namespace } }) => {
        context.assertLeader();
        await kubernetes
          .patchMetadata(
            resources.pods,
            { name, namespace },
            { annotations: { [routingHashAnnotation]: hash } },
          )
          .catch((error: unknown) => {
            // It has gone meanwhile, and mounts nothing any more.
            if (!isNotFound(error)) throw error;
          });
      }),
    );
  }
}

/** Whether the text is another one than its annotation says. */
function isTouched({ text, hash }: RoutingConfigMap): boolean {
  return (
    hash !== undefined && (text === undefined || withHash(text).hash !== hash)
  );
}
