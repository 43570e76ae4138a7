import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { Express } from "express";
import { buyerRoutes } from "./buyers/routes.js";
import { callRoutes } from "./calls/routes.js";
import type { Config } from "./config.js";
import type { Database } from "./database/port.js";
import { createAuthenticate } from "./http/auth.js";
import { mountRoutes } from "./http/mount.js";
import type { Route } from "./http/route.js";
import { leadRoutes } from "./leads/routes.js";
import { DatabaseLife } from "./life.js";
import { openApiDocument } from "./openapi/document.js";
import { optOutRoutes } from "./opt-outs/routes.js";
import { paymentRoutes } from "./payments/routes.js";
import { rankingRoutes } from "./ranking/routes.js";
import { transferRoutes } from "./transfers/routes.js";
import { vendorRoutes } from "./vendors/routes.js";
import { walletRoutes } from "./wallet/routes.js";

/** What the service is made of; the database is not open yet. */
export interface AgentCoreDeps {
  readonly config: Config;
  readonly kit: ServiceKit;
  readonly database: Database;
}

/** Every route of the service, besides what all services have alike. */
function agentCoreRoutes({
  config,
  kit,
}: Pick<AgentCoreDeps, "config" | "kit">): Route[] {
  return [
    ...leadRoutes,
    ...callRoutes,
    ...optOutRoutes({ metrics: kit.metrics }),
    ...paymentRoutes({
      merchants: config.MOMO_MERCHANTS,
      defaultMerchant: config.MOMO_DEFAULT_MERCHANT,
      paymentLinkBaseUrl: config.PAYMENT_LINK_BASE_URL,
    }),
    ...transferRoutes({ queues: config.TRANSFER_QUEUES }),
    ...rankingRoutes,
    ...buyerRoutes,
    ...walletRoutes,
    ...vendorRoutes,
  ];
}

/** Composes the service; starts nothing. */
export function createAgentCore(
  deps: AgentCoreDeps,
): ServiceApp & { http: Express } {
  const { config, kit, database } = deps;
  const routes = agentCoreRoutes(deps);
  const document = openApiDocument(routes);
  const life = new DatabaseLife({ database, kit });
  const authenticate = createAuthenticate({
    jwtSecret: config.AGENT_CORE_JWT_SECRET,
    clock: kit.clock,
  });
  const http = createServiceHttp({
    kit,
    dependencies: { database: () => life.check() },
    configure(app) {
      app.get("/openapi.json", (_request, response) => {
        response.json(document);
      });
      mountRoutes(app, routes, {
        authenticate,
        database,
        clock: kit.clock,
      });
    },
  });
  return {
    http,
    start: () => life.start(),
    stopTaking: () => life.stopTrying(),
    // Requests that were taken are waited for by the server; there is no work besides them.
    drain: () => Promise.resolve(),
    close: () => life.close(),
  };
}
