import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Bus, Store } from "@easymo/messaging";
import type { RoutingSource } from "@easymo/routing";
import {
  createServiceHttp,
  type DependencyCheck,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { BrokerOrchestratorConfig } from "./config.js";
import type { Services } from "./effects/deps.js";
import { effectExecutor } from "./effects/execute.js";
import { createVoiceBridgeClient } from "./effects/voice-bridge-client.js";
import { Orchestrator } from "./runtime/orchestrator.js";
import { Situations } from "./runtime/situations.js";
import { createTurnModel } from "./turns/create-turn-model.js";
import type { TurnModel } from "./turns/turn-model.js";

/** What broker-orchestrator is composed of; nothing of it is started here. */
export interface BrokerOrchestratorDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  /** The client of each address; the same address may have the same client. */
  clientOf(baseUrl: string): AgentCoreClient;
  /** Who answers turns; by default the one that the configuration asks for. */
  readonly turns?: TurnModel;
}

/** Left of the time to shut down, for everything besides finishing what was taken. */
const CLOSING_MS = 4_000;

/** What makes one conversation of the three doors. */
export function createBrokerOrchestrator(
  config: BrokerOrchestratorConfig,
  deps: BrokerOrchestratorDeps,
): ServiceApp {
  const { bus, store, routing, clock, logger, metrics } = deps;
  const clients = clientsOf(config, deps);
  const { services } = clients;
  const voiceBridge = voiceBridgeOf(config);
  const turns =
    deps.turns ??
    createTurnModel({
      logger,
      metrics,
      clock,
      agentCore: services.agentCore,
      keyValue: store.keyValue,
      openai: openAiOf(config),
    });
  const orchestrator = new Orchestrator({
    bus,
    store,
    clock,
    logger,
    metrics,
    situations: new Situations({
      routing,
      clock,
      canCall: voiceBridge !== undefined,
      handoverMs: config.HANDOVER_SECONDS * 1_000,
    }),
    execute: (peek) =>
      effectExecutor({
        bus,
        services,
        turns,
        voiceBridge,
        routing,
        clock,
        peek,
      }),
    retryDelaysMs: config.RETRY_DELAYS_SECONDS.map((one) => one * 1_000),
    conversationTtlMs: config.CONVERSATION_TTL_SECONDS * 1_000,
    patienceMs: 1_000 * patienceSeconds(config),
    stopTimeoutMs: Math.max(
      1_000,
      config.SHUTDOWN_GRACE_SECONDS * 1_000 - CLOSING_MS,
    ),
  });
  const http = createServiceHttp({
    kit: deps,
    dependencies: {
      kafka: () => bus.check(),
      redis: () => store.check(),
      ...clients.checks,
    },
    configure: () => undefined,
  });
  return {
    http,
    start: () => orchestrator.start(),
    stopTaking: () => orchestrator.pause(),
    drain: () => orchestrator.stop(),
    async close() {
      await routing.close();
      for (const client of clients.all) client.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}

/** Longer than anything waits between two attempts. */
function patienceSeconds(config: BrokerOrchestratorConfig): number {
  return (
    config.OUTBOX_PATIENCE_SECONDS ??
    Math.ceil(Math.max(0, ...config.RETRY_DELAYS_SECONDS)) + 60
  );
}

/** One client, and one circuit, for each address; each service says for itself whether it is left alone. */
function clientsOf(
  config: BrokerOrchestratorConfig,
  deps: BrokerOrchestratorDeps,
): {
  services: Services;
  all: readonly AgentCoreClient[];
  checks: Record<string, DependencyCheck>;
} {
  const byUrl = new Map<string, AgentCoreClient>();
  const clientOf = (baseUrl: string): AgentCoreClient => {
    const known = byUrl.get(baseUrl) ?? deps.clientOf(baseUrl);
    byUrl.set(baseUrl, known);
    return known;
  };
  const core = config.AGENT_CORE_URL;
  const services: Services = {
    agentCore: clientOf(core),
    ranking: clientOf(config.RANKING_SERVICE_URL ?? core),
    buyer: clientOf(config.BUYER_SERVICE_URL ?? core),
    wallet: clientOf(config.WALLET_SERVICE_URL ?? core),
  };
  const check = (client: AgentCoreClient): DependencyCheck => {
    return async () => {
      if (client.circuit() === "open")
        throw new Error("its circuit is open: it keeps failing");
      await client.check();
    };
  };
  return {
    services,
    all: [...byUrl.values()],
    checks: {
      "agent-core": check(services.agentCore),
      ranking: check(services.ranking),
      buyer: check(services.buyer),
      wallet: check(services.wallet),
    },
  };
}

function openAiOf(config: BrokerOrchestratorConfig) {
  const { OPENAI_API_KEY: apiKey } = config;
  return apiKey === undefined
    ? undefined
    : {
        apiKey,
        baseUrl: config.OPENAI_BASE_URL,
        model: config.OPENAI_TEXT_MODEL,
        tokensPerDay: config.TURN_TOKENS_PER_DAY,
      };
}

function voiceBridgeOf(config: BrokerOrchestratorConfig) {
  const { VOICE_BRIDGE_URL: baseUrl, VOICE_API_TOKEN: token } = config;
  return baseUrl === undefined || token === undefined
    ? undefined
    : createVoiceBridgeClient({ baseUrl, token });
}
