import { createBus, createStore } from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  listen,
  systemClock,
} from "@easymo/service-kit";
import { createSipIngress, readSipIngressConfig } from "@easymo/sip-ingress";
import {
  TENANT,
  TENANT_TOKEN,
  type IngestSubject,
  type IngestWorld,
} from "./subject.js";

const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw, fr, sw]
channels:
  - {kind: sip, address: "sip:desk00@kigali.example", tenant: ${TENANT}, agent: sales}
  - {kind: sip, address: "sip:desk01@kigali.example", tenant: ${TENANT}, agent: sales}
`;

/** sip-ingress as it is deployed: validation, idempotency, metrics and logs on. */
export async function startSipIngress({
  brokers,
  redisUrl,
}: IngestWorld): Promise<IngestSubject> {
  const config = readSipIngressConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    KAFKA_BROKERS: brokers.join(","),
    REDIS_URL: redisUrl,
    ROUTING_FILE: "unused.yaml",
    SIP_INGRESS_TOKENS: `${TENANT}=${TENANT_TOKEN}`,
    SIP_RATE_PER_SECOND: "1000000",
  });
  const kit = {
    name: "sip-ingress",
    logger: createLogger({ name: "sip-ingress", level: config.LOG_LEVEL }),
    metrics: createMetrics(),
    clock: systemClock,
  };
  const app = createSipIngress(config, {
    ...kit,
    bus: createBus({ brokers, clientId: "bench", ssl: false }, kit),
    store: createStore(redisUrl, kit),
    routing: fixedRouting(RoutingTable.parse(ROUTING)),
  });
  return await listen(app, { port: 0, host: "127.0.0.1" });
}
