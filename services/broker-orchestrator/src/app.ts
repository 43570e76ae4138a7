import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Bus, Store } from "@easymo/messaging";
import type { RoutingSource } from "@easymo/routing";
import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { BrokerOrchestratorConfig } from "./config.js";

/** What broker-orchestrator is composed of; nothing of it is started here. */
export interface BrokerOrchestratorDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  readonly agentCore: AgentCoreClient;
}

/** What makes one conversation of the three doors. */
export function createBrokerOrchestrator(
  _config: BrokerOrchestratorConfig,
  deps: BrokerOrchestratorDeps,
): ServiceApp {
  const { bus, store, routing, agentCore } = deps;
  const http = createServiceHttp({
    kit: deps,
    dependencies: {
      kafka: () => bus.check(),
      redis: () => store.check(),
      "agent-core": () => agentCore.check(),
    },
    configure: () => undefined,
  });
  return {
    http,
    start: () => Promise.resolve(),
    drain: () => Promise.resolve(),
    async close() {
      await routing.close();
      agentCore.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}
