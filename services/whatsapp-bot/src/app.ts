import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Bus, Store } from "@easymo/messaging";
import {
  ChannelTraffic,
  type RoutingSource,
  type RoutingTable,
} from "@easymo/routing";
import {
  createServiceHttp,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import OpenAI from "openai";
import type { WhatsAppBotConfig } from "./config.js";
import { ConsentKeeper } from "./consent/consent-keeper.js";
import { botConsumers } from "./consumers.js";
import { openAiIntents } from "./intents/model.js";
import { Understanding } from "./intents/understanding.js";
import { LeadKeeper } from "./leads/lead-keeper.js";
import { openAiTranscriber } from "./media/transcriber.js";
import { botMetrics } from "./metrics.js";
import { People } from "./people.js";
import { Receipts } from "./receipts/receipts.js";
import { GraphClient } from "./sending/graph-client.js";
import { SendOnce } from "./sending/once.js";
import { SendRates } from "./sending/rates.js";
import { Sender } from "./sending/sender.js";
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
  const traffic = new ChannelTraffic({
    metrics: deps.metrics,
    clock,
    routing: () => routing.current(),
  });
  const ingest = new Ingest({
    bus,
    idempotency: store.idempotency,
    people,
    metrics,
    traffic,
    clock,
    logger,
    routing: () => routing.current(),
  });
  const routingNow = (): RoutingTable => routing.current();
  const common = { bus, agentCore, people, metrics, clock, logger };
  const graph = new GraphClient({
    baseUrl: config.GRAPH_API_URL,
    accessToken: config.META_ACCESS_TOKEN,
  });
  const receipts = new Receipts({
    ...common,
    graph,
    keyValue: store.keyValue,
  });
  const sender = new Sender({
    ...common,
    graph,
    receipts,
    traffic,
    rates: new SendRates(store.keyValue, clock),
    once: new SendOnce({ idempotency: store.idempotency, clock, logger }),
    routing: routingNow,
  });
  const consent = new ConsentKeeper({
    ...common,
    keyValue: store.keyValue,
    routing: routingNow,
  });
  const understanding = new Understanding({
    ...common,
    ...models(config),
    graph,
    routing: routingNow,
  });
  const leads = new LeadKeeper({ agentCore, keyValue: store.keyValue });
  const consumers = botConsumers(deps, {
    consent,
    sender,
    leads,
    receipts,
    understanding,
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
    async start() {
      await Promise.all(consumers.map((consumer) => consumer.start()));
    },
    stopTaking() {
      for (const consumer of consumers) consumer.pause();
    },
    async drain() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
    async close() {
      await routing.close();
      agentCore.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}

/** The models, when there is a key for them. */
function models(config: WhatsAppBotConfig) {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL } = config;
  if (apiKey === undefined) return { model: undefined, transcriber: undefined };
  const client = new OpenAI({ apiKey, baseURL });
  return {
    model: openAiIntents(client, config.OPENAI_TEXT_MODEL),
    transcriber: openAiTranscriber(client, config.OPENAI_TRANSCRIPTION_MODEL),
  };
}
