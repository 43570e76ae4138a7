import { createAgentCoreClient } from "@easymo/agent-core-client";
import { busSettingsOf, createBus, createStore } from "@easymo/messaging";
import { watchRouting } from "@easymo/routing";
import { runService } from "@easymo/service-kit";
import { createBrokerOrchestrator } from "./app.js";
import { readBrokerOrchestratorConfig } from "./config.js";

await runService(
  "broker-orchestrator",
  readBrokerOrchestratorConfig,
  async (config, kit) =>
    createBrokerOrchestrator(config, {
      ...kit,
      bus: createBus(busSettingsOf(config), kit),
      store: createStore(config.REDIS_URL, kit),
      routing: await watchRouting({ file: config.ROUTING_FILE, ...kit }),
      clientOf: (baseUrl) =>
        createAgentCoreClient({
          baseUrl,
          jwtSecret: config.AGENT_CORE_JWT_SECRET,
          // Nobody is on the line: better late than asked twice.
          timeoutMs: 5_000,
          totalTimeoutMs: 12_000,
          circuit: { failures: 10 },
          ...kit,
        }),
    }),
);
