import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAgentCoreClient } from "@easymo/agent-core-client";
import { createMemoryBus, createMemoryStore } from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import { createLogger, createMetrics, listen } from "@easymo/service-kit";
import { createVoiceBridge, readVoiceBridgeConfig } from "@easymo/voice-bridge";
import { DIALLED } from "../load/caller.js";
import { scaledClock } from "./scaled-clock.js";
import {
  MEDIA_PATH,
  MEDIA_TOKEN,
  type Subject,
  type SubjectWorld,
} from "./subject.js";

const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw, fr, sw]
    greeting: Muraho, you are speaking with the spare parts desk.
    tools: [fetch_lead, log_lead, capture_intent, collect_payment, set_disposition, warm_transfer, register_opt_out]
    turnDetection: {type: server_vad}
    optOut: {phrases: [stop calling me, ntuzongere kumpamagara], dtmf: "9"}
    payment: {region: rw, currency: RWF}
channels:
  - {kind: twilio, address: "${DIALLED}", tenant: kigali-parts, agent: sales}
`;

/** voice-bridge as it is deployed, on the in-process bus and store; its events, ledger and metrics on. */
export async function startVoiceBridge(world: SubjectWorld): Promise<Subject> {
  const spool = mkdtempSync(join(tmpdir(), "easymo-bench-"));
  const config = readVoiceBridgeConfig({
    PORT: "0",
    HOST: "127.0.0.1",
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "unused.yaml",
    AGENT_CORE_JWT_SECRET: "a secret of the bench, long enough for HS256",
    PUBLIC_URL: "https://bench.example",
    TWILIO_MEDIA_AUTH_TOKEN: MEDIA_TOKEN,
    VOICE_API_TOKEN: "unused",
    OPENAI_API_KEY: "unused",
    OPENAI_REALTIME_URL: `ws://127.0.0.1:${world.worldPort}/v1/realtime`,
    MAX_CALLS: String(world.maxCalls),
    DRAIN_SECONDS: "0",
    // Each call keeps its one session: the count of frames is per session.
    MODEL_SESSION_MAX_SECONDS: "86400",
    SPOOL_DIR: spool,
  });
  const logger = createLogger({ name: "voice-bridge", level: "error" });
  const metrics = createMetrics();
  const clock = scaledClock(world.speed);
  const kit = { name: "voice-bridge", logger, metrics, clock };
  const app = createVoiceBridge(config, {
    ...kit,
    bus: createMemoryBus({
      logger,
      metrics,
      clock,
      // Brokers keep the records of an hour, not the bridge.
      maxRecordsPerPartition: 100,
    }),
    store: createMemoryStore(clock),
    routing: fixedRouting(RoutingTable.parse(ROUTING)),
    agentCore: createAgentCoreClient({
      baseUrl: `http://127.0.0.1:${world.worldPort}`,
      jwtSecret: config.AGENT_CORE_JWT_SECRET,
      clock,
      logger,
    }),
  });
  const service = await listen(app, { port: 0, host: "127.0.0.1" });
  return {
    address: { port: service.port, path: MEDIA_PATH, token: MEDIA_TOKEN },
    close: async () => {
      await service.close();
      rmSync(spool, { recursive: true, force: true });
    },
  };
}
