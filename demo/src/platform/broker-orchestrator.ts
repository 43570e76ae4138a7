import type { AgentCoreClient } from "@easymo/agent-core-client";
import {
  createBrokerOrchestrator,
  readBrokerOrchestratorConfig,
} from "@easymo/broker-orchestrator";
import type { Bus, Store } from "@easymo/messaging";
import { fixedRouting } from "@easymo/routing";
import type { ServiceApp } from "@easymo/service-kit";
import { kitFor, type PlatformOptions } from "./kit.js";

export function brokerOrchestratorApp(
  options: PlatformOptions,
  around: {
    readonly bus: Bus;
    readonly store: Store;
    readonly agentCoreUrl: string;
    readonly jwtSecret: string;
    readonly voiceUrl: string;
    readonly voiceApiToken: string;
    clientOf(baseUrl: string): AgentCoreClient;
  },
): ServiceApp {
  const kit = kitFor("broker-orchestrator", options);
  const config = readBrokerOrchestratorConfig({
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "routing.yaml",
    AGENT_CORE_URL: around.agentCoreUrl,
    AGENT_CORE_JWT_SECRET: around.jwtSecret,
    VOICE_BRIDGE_URL: around.voiceUrl,
    VOICE_API_TOKEN: around.voiceApiToken,
    OPENAI_API_KEY: options.config.OPENAI_API_KEY,
  });
  return createBrokerOrchestrator(config, {
    ...kit,
    bus: around.bus,
    store: around.store,
    routing: fixedRouting(options.routing),
    clientOf: (baseUrl) => around.clientOf(baseUrl),
  });
}
