import type { AgentCoreClient } from "@easymo/agent-core-client";
import { type Bus, createStore } from "@easymo/messaging";
import { fixedRouting } from "@easymo/routing";
import type { ServiceApp } from "@easymo/service-kit";
import { createWhatsAppBot, readWhatsAppBotConfig } from "@easymo/whatsapp-bot";
import type { MetaAccount } from "../whatsapp/account.js";
import { businessesOf } from "../whatsapp/businesses.js";
import { createGraphApi } from "../whatsapp/graph-api.js";
import type { MediaStore } from "../whatsapp/media.js";
import type { WhatsAppNetwork } from "../whatsapp/network.js";
import { kitFor, type PlatformOptions } from "./kit.js";

/** Meta's side: what the bot sends its messages to. */
export function graphApiApp(
  options: PlatformOptions,
  meta: {
    readonly account: MetaAccount;
    readonly network: WhatsAppNetwork;
    readonly media: MediaStore;
  },
): ServiceApp {
  const businesses = businessesOf(options.routing).map(({ id }) => id);
  return createGraphApi({
    ...meta,
    kit: kitFor("graph-api", options),
    businesses: new Set(businesses),
  });
}

export function whatsAppBotApp(
  options: PlatformOptions,
  around: {
    readonly bus: Bus;
    readonly agentCore: AgentCoreClient;
    readonly jwtSecret: string;
    readonly account: MetaAccount;
    readonly graphUrl: string;
  },
): ServiceApp {
  const kit = kitFor("whatsapp-bot", options);
  const { account } = around;
  const config = readWhatsAppBotConfig({
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "routing.yaml",
    AGENT_CORE_JWT_SECRET: around.jwtSecret,
    META_APP_SECRET: account.appSecret,
    META_VERIFY_TOKEN: account.verifyToken,
    META_ACCESS_TOKEN: account.accessToken,
    GRAPH_API_URL: `${around.graphUrl}/v25.0`,
    OPENAI_API_KEY: options.config.OPENAI_API_KEY,
  });
  return createWhatsAppBot(config, {
    ...kit,
    bus: around.bus,
    store: createStore("memory:", kit),
    routing: fixedRouting(options.routing),
    agentCore: around.agentCore,
  });
}
