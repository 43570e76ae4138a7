import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import type { Agent, Channel } from "../api/index.js";
import {
  createController,
  fixedKeys,
  Informer,
  resources,
  type Controller,
  type EventRecorder,
  type KeySource,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
} from "../runtime/index.js";
import { withHash } from "./document.js";
import {
  parseMountingPod,
  parseRoutingConfigMap,
  parseWordsConfigMap,
} from "./observed.js";
import { RoutingReconciler } from "./reconciler.js";

/** Changes come in groups: what is applied together is one document. */
const coalesceMs = 50;

export interface RoutingDeps {
  readonly kubernetes: Kubernetes;
  readonly agents: ObjectCache<Agent>;
  readonly channels: ObjectCache<Channel>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface RoutingSettings {
  /** The operator's own namespace: the ConfigMap and the release's pods are there. */
  readonly namespace: string;
  /** Where Agents, and so their words, are; undefined: everywhere. */
  readonly watchNamespace: string | undefined;
  readonly releaseName: string;
  readonly configMapName: string;
  readonly resyncMs: number;
}

/** What answers the question of routing: a controller, and what has to be known before it begins. */
export interface RoutingParts {
  readonly controller: Controller;
  readonly informers: readonly Watching[];
}

/** What is begun before the controllers, and ended after them. */
export interface Watching {
  start(): void;
  stop(): Promise<void>;
  synced(): boolean;
}

export function composeRouting(
  deps: RoutingDeps,
  settings: RoutingSettings,
): RoutingParts {
  const { namespace, releaseName } = settings;
  const configMap = { namespace, name: settings.configMapName };
  const words = new Informer(deps, {
    type: resources.configMaps,
    selection: { namespace: settings.watchNamespace },
    parse: parseWordsConfigMap,
  });
  const routing = new Informer(deps, {
    type: resources.configMaps,
    selection: {
      namespace,
      fieldSelector: `metadata.name=${configMap.name}`,
    },
    parse: parseRoutingConfigMap,
  });
  const pods = new Informer(deps, {
    type: resources.pods,
    selection: {
      namespace,
      labelSelector: `app.kubernetes.io/instance=${releaseName}`,
    },
    parse: parseMountingPod,
  });
  const reconciler = new RoutingReconciler({
    ...deps,
    ...{ words, routing, pods, configMap, releaseName },
  });
  const controller = createController({
    ...deps,
    reconciler,
    sources: [
      fixedKeys(configMap),
      whole(deps.agents, configMap, specVersion),
      whole(deps.channels, configMap, specVersion),
      whole(
        words,
        configMap,
        ({ data }) => withHash(JSON.stringify(data)).hash,
      ),
      whole(routing, configMap, ({ metadata }) => metadata.resourceVersion),
      whole(pods, configMap, ({ metadata }) => metadata.uid),
    ],
    resyncMs: settings.resyncMs,
    coalesceMs,
  });
  return { controller, informers: [words, routing, pods] };
}

/** Changes of a kind's objects as changes of the whole; those that leave the version as it was are none. */
function whole<T>(
  cache: ObjectCache<T>,
  key: ObjectKey,
  versionOf: (object: T) => string,
): KeySource {
  return {
    keys: () => [],
    synced: () => cache.synced(),
    onKeys: (listener) => {
      const seen = new Map<string, string>();
      return cache.onChange(({ namespace, name }, object) => {
        const id = `${namespace}/${name}`;
        const version = object === undefined ? undefined : versionOf(object);
        if (version !== undefined && seen.get(id) === version) return;
        if (version === undefined) seen.delete(id);
        else seen.set(id, version);
        listener([key]);
      });
    },
  };
}

/** Moves with what is asked for; what is told in the status leaves it as it is. */
function specVersion({ metadata }: Agent | Channel): string {
  return `${metadata.uid} ${metadata.generation} ${metadata.deletionTimestamp ?? ""}`;
}
