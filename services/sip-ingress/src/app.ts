import type { Bus, Store } from "@easymo/messaging";
import { ChannelTraffic, type RoutingSource } from "@easymo/routing";
import {
  createServiceHttp,
  withDirectRoutes,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import OpenAI from "openai";
import type { SipIngressConfig } from "./config.js";
import { quickReader } from "./events/quick-event.js";
import { partyReader, sipEventSchema } from "./events/sip-event.js";
import { Ingest } from "./ingest/ingest.js";
import {
  directSipRoute,
  sipRoutes,
  type SipRoutesDeps,
} from "./ingest/routes.js";
import { ingestMetrics, type IngestMetrics } from "./metrics.js";
import { createCallControl } from "./openai/call-control.js";
import { IncomingCalls } from "./openai/incoming-calls.js";
import { openAiRoutes } from "./openai/routes.js";
import { refusals, timed } from "./surface.js";
import { Admission } from "./tenants/admission.js";
import { RateLimit } from "./tenants/rate-limit.js";
import { guessable, TokenRing } from "./tenants/tokens.js";

/** What sip-ingress is composed of; nothing of it is started here. */
export interface SipIngressDeps extends ServiceKit {
  readonly bus: Bus;
  readonly store: Store;
  readonly routing: RoutingSource;
}

/** The door for SIP signalling and for OpenAI's incoming calls. Composes the service; starts nothing. */
export function createSipIngress(
  config: SipIngressConfig,
  deps: SipIngressDeps,
): ServiceApp {
  const { bus, store, routing, clock } = deps;
  const metrics = ingestMetrics(deps.metrics);
  const traffic = new ChannelTraffic({
    metrics: deps.metrics,
    clock,
    routing: () => routing.current(),
  });
  const surfaces = { metrics, traffic };
  const sip = signalling(config, deps, surfaces);
  // One line per event would cost more than the event; metrics count them.
  const successLogLevel = "debug";
  const app = createServiceHttp({
    kit: deps,
    bodies: "per-route",
    successLogLevel,
    dependencies: {
      kafka: () => bus.check(),
      redis: () => store.check(),
      // The last good document stays in force; there is one from the start.
      routing: () => Promise.resolve(void routing.current()),
    },
    configure: (routes) => {
      routes.use("/sip", timed("sip", metrics, clock));
      routes.use(sipRoutes(sip));
      routes.use("/sip", refusals("sip", metrics));
      routes.use("/openai", timed("openai", metrics, clock));
      routes.use(incomingCalls(config, deps, surfaces));
      routes.use("/openai", refusals("openai", metrics));
    },
  });
  return {
    http: withDirectRoutes(app, {
      kit: deps,
      routes: [directSipRoute(sip)],
      successLogLevel,
    }),
    start: () => Promise.resolve(),
    // Requests that were taken are waited for by the server; there is no work besides them.
    drain: () => Promise.resolve(),
    close: async () => {
      await routing.close();
      await Promise.all([bus.close(), store.close()]);
    },
  };
}

/** What both doors tell of themselves. */
interface Surfaces {
  readonly metrics: IngestMetrics;
  readonly traffic: ChannelTraffic;
}

function signalling(
  config: SipIngressConfig,
  deps: SipIngressDeps,
  { metrics, traffic }: Surfaces,
): SipRoutesDeps {
  const { bus, store, routing, clock, logger } = deps;
  const rate = new RateLimit(config.SIP_RATE_PER_SECOND, clock);
  const tokens = new TokenRing(config.SIP_INGRESS_TOKENS);
  const tenants = guessable(config.SIP_INGRESS_TOKENS);
  if (tenants.length > 0)
    logger.warn(
      { tenants },
      "these tenants' tokens are so short that they can be guessed",
    );
  const readParty = partyReader(config.SIP_DEFAULT_COUNTRY);
  return {
    ingest: new Ingest({
      bus,
      idempotency: store.idempotency,
      keyValue: store.keyValue,
      routing: () => routing.current(),
      metrics,
      traffic,
      clock,
      logger,
    }),
    schema: sipEventSchema({ clock, readParty }),
    readQuickly: quickReader({ clock, readParty }),
    rate,
    admission: new Admission({ tokens, rate }),
    metrics,
  };
}

function incomingCalls(
  config: SipIngressConfig,
  deps: SipIngressDeps,
  { metrics, traffic }: Surfaces,
) {
  const { bus, store, routing, clock, logger } = deps;
  const client = openAiClient(config);
  const door = client && {
    client,
    calls: new IncomingCalls({
      control: createCallControl(client),
      bus,
      idempotency: store.idempotency,
      keyValue: store.keyValue,
      routing: () => routing.current(),
      model: config.OPENAI_REALTIME_MODEL,
      metrics,
      traffic,
      clock,
      logger,
    }),
  };
  return openAiRoutes({
    door,
    defaultCountry: config.SIP_DEFAULT_COUNTRY,
    metrics,
  });
}

function openAiClient(config: SipIngressConfig): OpenAI | undefined {
  const {
    OPENAI_WEBHOOK_SECRET: webhookSecret,
    OPENAI_API_KEY: apiKey,
    OPENAI_BASE_URL: baseURL,
  } = config;
  if (webhookSecret === undefined || apiKey === undefined) return undefined;
  // Everything is logged by us, in one place and masked.
  return new OpenAI({ apiKey, webhookSecret, baseURL, logLevel: "off" });
}
