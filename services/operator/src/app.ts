import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import { parseAgent, parseChannel, type Parsed } from "./api/index.js";
import type { OperatorConfig } from "./config.js";
import { composeDisruption } from "./disruption/compose.js";
import { composeRouting } from "./routing/compose.js";
import {
  Informer,
  KubernetesEventRecorder,
  LeaderElection,
  resources,
  type Kubernetes,
} from "./runtime/index.js";
import { composeTopics } from "./topics/compose.js";
import { Works, type WorksParts } from "./works.js";

/** What the operator is composed of; nothing of it is started here. */
export interface OperatorDeps extends ServiceKit {
  readonly kubernetes: Kubernetes;
}

/** Keeps what Agents and Channels ask for. Composes the service; starts nothing. */
export function createOperator(
  config: OperatorConfig,
  deps: OperatorDeps,
): ServiceApp {
  const { kubernetes } = deps;
  const events = new KubernetesEventRecorder({
    ...deps,
    instance: config.POD_NAME,
  });
  const works = new Works(questions(config, deps, events), {
    ...deps,
    election: new LeaderElection({
      ...deps,
      lease: {
        namespace: config.POD_NAMESPACE,
        name: config.LEASE_NAME ?? `${config.RELEASE_NAME}-operator`,
      },
      identity: config.POD_NAME,
    }),
  });
  const http = createServiceHttp({
    kit: deps,
    // Who does not lead is ready too: it has seen everything, and may have to lead at any moment.
    dependencies: {
      kubernetes: () => kubernetes.check(),
      caches: () => works.checkSynced(),
    },
    configure: () => undefined,
  });
  return {
    http,
    start: () => {
      works.start();
      return Promise.resolve();
    },
    drain: async () => {
      await works.stopLeading();
      await events.flush();
    },
    close: async () => {
      await works.stop();
      await kubernetes.close();
    },
  };
}

/** One part for each question that the operator keeps answered. */
function questions(
  config: OperatorConfig,
  deps: OperatorDeps,
  events: KubernetesEventRecorder,
): WorksParts {
  const namespace = config.POD_NAMESPACE;
  const watched = config.WATCH_NAMESPACE ?? namespace;
  const watchNamespace = watched === "*" ? undefined : watched;
  const resyncMs = config.RESYNC_SECONDS * 1_000;
  const selection = { namespace: watchNamespace };
  const agents = new Informer(deps, {
    type: resources.agents,
    selection,
    parse: (raw) => readable(parseAgent(raw)),
  });
  const channels = new Informer(deps, {
    type: resources.channels,
    selection,
    parse: (raw) => readable(parseChannel(raw)),
  });
  const common = { ...deps, agents, channels, events };
  const routing = composeRouting(common, {
    namespace,
    watchNamespace,
    releaseName: config.RELEASE_NAME,
    configMapName: config.ROUTING_CONFIGMAP ?? `${config.RELEASE_NAME}-routing`,
    resyncMs,
  });
  const release = { namespace, releaseName: config.RELEASE_NAME, resyncMs };
  const disruption = composeDisruption(common, release);
  const clusterName = config.KAFKA_CLUSTER_NAME;
  const topics =
    clusterName === undefined
      ? undefined
      : composeTopics(common, { namespace, clusterName, resyncMs });
  return {
    informers: [
      agents,
      channels,
      ...routing.informers,
      ...disruption.informers,
      ...(topics?.informers ?? []),
    ],
    controllers: [
      routing.controller,
      ...disruption.controllers,
      ...(topics?.controllers ?? []),
    ],
  };
}

function readable<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.join("; "));
}
