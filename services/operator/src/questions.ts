import type { ServiceKit } from "@easymo/service-kit";
import {
  parseAgent,
  parseChannel,
  type Agent,
  type Channel,
  type Parsed,
} from "./api/index.js";
import type { OperatorConfig } from "./config.js";
import { composeDisruption } from "./disruption/compose.js";
import { composeProvider } from "./provider/compose.js";
import { composeRouting } from "./routing/compose.js";
import {
  Informer,
  resources,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
} from "./runtime/index.js";
import { composeTopics } from "./topics/compose.js";
import type { WorksParts } from "./works.js";

interface Deps extends ServiceKit {
  readonly kubernetes: Kubernetes;
}

interface Common extends Deps {
  readonly agents: ObjectCache<Agent>;
  readonly channels: ObjectCache<Channel>;
  readonly events: EventRecorder;
}

/** One part for each question that the operator keeps answered. Starts nothing. */
export function composeQuestions(
  config: OperatorConfig,
  deps: Deps,
  events: EventRecorder,
): WorksParts {
  const namespace = watchedNamespace(config);
  const selection = { namespace };
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
  const parts = [
    routing(config, common),
    provider(config, common),
    disruption(config, common),
    topics(config, common),
  ];
  return {
    informers: [agents, channels, ...parts.flatMap((part) => part.informers)],
    controllers: parts.flatMap((part) => part.controllers),
  };
}

/** Undefined: all. */
function watchedNamespace(config: OperatorConfig): string | undefined {
  const watched = config.WATCH_NAMESPACE ?? config.POD_NAMESPACE;
  return watched === "*" ? undefined : watched;
}

function release(config: OperatorConfig) {
  return {
    namespace: config.POD_NAMESPACE,
    releaseName: config.RELEASE_NAME,
    resyncMs: config.RESYNC_SECONDS * 1_000,
  };
}

function routing(config: OperatorConfig, common: Common): WorksParts {
  const { controller, informers } = composeRouting(common, {
    ...release(config),
    watchNamespace: watchedNamespace(config),
    configMapName: config.ROUTING_CONFIGMAP ?? `${config.RELEASE_NAME}-routing`,
  });
  return { controllers: [controller], informers };
}

function provider(config: OperatorConfig, common: Common): WorksParts {
  return composeProvider(common, {
    urls: {
      voice: config.VOICE_PUBLIC_URL,
      whatsapp: config.WHATSAPP_PUBLIC_URL,
    },
    defaults: config,
    twilioApiUrl: config.TWILIO_API_URL,
    graphApiUrl: config.GRAPH_API_URL,
    checkMs: config.PROVIDER_CHECK_SECONDS * 1_000,
    resyncMs: config.RESYNC_SECONDS * 1_000,
  });
}

function disruption(config: OperatorConfig, common: Common): WorksParts {
  return composeDisruption(common, release(config));
}

function topics(config: OperatorConfig, common: Common): WorksParts {
  const clusterName = config.KAFKA_CLUSTER_NAME;
  if (clusterName === undefined) return { controllers: [], informers: [] };
  return composeTopics(common, { ...release(config), clusterName });
}

function readable<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(parsed.problems.join("; "));
}
