import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import {
  createController,
  Informer,
  keysFrom,
  resources,
  type Controller,
  type Kubernetes,
  type ObjectCache,
} from "../runtime/index.js";
import { ChannelTrafficLedger } from "../traffic/ledger.js";
import { TrafficReconciler } from "../traffic/reconciler.js";
import { parseServingPod, type ServingPod } from "./observed.js";
import {
  DisruptionReconciler,
  type DisruptionReconcilerOptions,
} from "./reconciler.js";

/** So many pods are asked at once. */
const WORKERS = 8;

export interface DisruptionDeps {
  readonly kubernetes: Kubernetes;
  readonly channels: ObjectCache<Channel>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface DisruptionSettings extends Pick<
  DisruptionReconcilerOptions,
  "urlOf" | "scrapeEveryMs" | "scrapeTimeoutMs"
> {
  /** The operator's own namespace: the release's pods are there. */
  readonly namespace: string;
  readonly releaseName: string;
  readonly resyncMs: number;
}

/** What answers the questions of disruption and of traffic, which look at the same metrics. */
export interface DisruptionParts {
  readonly controllers: readonly Controller[];
  readonly informers: readonly Informer<ServingPod>[];
}

export function composeDisruption(
  deps: DisruptionDeps,
  settings: DisruptionSettings,
): DisruptionParts {
  const { namespace, releaseName, resyncMs } = settings;
  const ledger = new ChannelTrafficLedger();
  const pods = new Informer(deps, {
    type: resources.pods,
    selection: {
      namespace,
      labelSelector: `app.kubernetes.io/instance=${releaseName},app.kubernetes.io/name in (voice-bridge,whatsapp-bot,sip-ingress)`,
    },
    parse: parseServingPod,
  });
  const disruption = createController({
    ...deps,
    reconciler: new DisruptionReconciler({
      ...deps,
      ...settings,
      pods,
      traffic: ledger,
    }),
    sources: [keysFrom(pods)],
    workers: WORKERS,
    resyncMs,
  });
  const traffic = createController({
    ...deps,
    reconciler: new TrafficReconciler({ ...deps, ledger }),
    sources: [ledger],
    resyncMs,
  });
  return { controllers: [disruption, traffic], informers: [pods] };
}
