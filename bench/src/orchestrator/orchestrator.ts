import { createAgentCoreClient } from "@easymo/agent-core-client";
import {
  createBrokerOrchestrator,
  readBrokerOrchestratorConfig,
} from "@easymo/broker-orchestrator";
import { createBus, createStore } from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
} from "@easymo/service-kit";
import {
  AGENT,
  OUR_NUMBER,
  OUR_WHATSAPP,
  TENANT,
  type FollowingSubject,
  type FollowingWorld,
} from "./subject.js";

const ROUTING = `
agents:
  - name: ${AGENT}
    instructions: You help people in Kigali find and pay for moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw, fr, sw]
channels:
  - {kind: twilio, address: "${OUR_NUMBER}", tenant: ${TENANT}, agent: ${AGENT}}
  - {kind: whatsapp, address: "${OUR_WHATSAPP}", tenant: ${TENANT}, agent: ${AGENT}}
`;
const SECRET = "a-secret-of-the-bench-of-32-characters";

/** broker-orchestrator as it is deployed: metrics and logs on. */
export async function startBrokerOrchestrator({
  brokers,
  redisUrl,
  servicesUrl,
}: FollowingWorld): Promise<FollowingSubject> {
  const config = readBrokerOrchestratorConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    KAFKA_BROKERS: brokers.join(","),
    REDIS_URL: redisUrl,
    ROUTING_FILE: "unused.yaml",
    AGENT_CORE_URL: servicesUrl,
    AGENT_CORE_JWT_SECRET: SECRET,
  });
  const kit = createServiceKit({
    name: "broker-orchestrator",
    logger: createLogger({
      name: "broker-orchestrator",
      level: config.LOG_LEVEL,
    }),
    metrics: createMetrics(),
  });
  const app = createBrokerOrchestrator(config, {
    ...kit,
    bus: createBus({ brokers, clientId: "bench", ssl: false }, kit),
    store: createStore(redisUrl, kit),
    routing: fixedRouting(RoutingTable.parse(ROUTING)),
    clientOf: (baseUrl) =>
      createAgentCoreClient({
        baseUrl,
        jwtSecret: config.AGENT_CORE_JWT_SECRET,
        timeoutMs: 5_000,
        totalTimeoutMs: 12_000,
        circuit: { failures: 10 },
        ...kit,
      }),
  });
  const running = await listen(app, { port: 0, host: "127.0.0.1" });
  const { registry } = kit.metrics;
  return {
    async handled() {
      const metric = registry.getSingleMetric("easymo_bus_handled_total");
      const { values = [] } = (await metric?.get()) ?? {};
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    close: () => running.close(),
  };
}
