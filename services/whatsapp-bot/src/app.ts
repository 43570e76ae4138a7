import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Bus, Store } from "@easymo/messaging";
import type { RoutingSource } from "@easymo/routing";
import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { WhatsAppBotConfig } from "./config.js";
import { botMetrics } from "./metrics.js";
import { People } from "./people.js";
import { Ingest } from "./webhook/ingest.js";
import { webhookRoutes } from "./webhook/routes.js";

/** What whatsapp-bot is composed of; nothing of it is started here. */
export interface WhatsAppBotDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
  readonly agentCore: AgentCoreClient;
}

/** The bot between WhatsApp and the bus. */
export function createWhatsAppBot(
  config: WhatsAppBotConfig,
  deps: WhatsAppBotDeps,
): ServiceApp {
  const { bus, store, routing, agentCore, clock, logger } = deps;
  const metrics = botMetrics(deps.metrics);
  const people = new People(store.keyValue);
  const ingest = new Ingest({
    bus,
    idempotency: store.idempotency,
    people,
    metrics,
    clock,
    logger,
    routing: () => routing.current(),
  });
  const http = createServiceHttp({
    kit: deps,
    bodies: "per-route",
    dependencies: {
      kafka: () => bus.check(),
      redis: () => store.check(),
      "agent-core": () => agentCore.check(),
    },
    configure: (app) => {
      app.use(
        webhookRoutes({
          appSecret: config.META_APP_SECRET,
          verifyToken: config.META_VERIFY_TOKEN,
          ingest,
          metrics,
          clock,
        }),
      );
    },
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
