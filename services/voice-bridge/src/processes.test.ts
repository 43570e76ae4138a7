import { createAgentCoreClient } from "@easymo/agent-core-client";
import {
  CarrierSimulator,
  type SimulatedCall,
} from "@easymo/carrier-simulator";
import { createBus, type Bus } from "@easymo/messaging";
import { createLogger, createMetrics, systemClock } from "@easymo/service-kit";
import { tone, writeCaption } from "@easymo/telephone-audio";
import {
  kafkaBrokers,
  postgresUrl,
  redisUrl,
  ServiceProcess,
} from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DESK } from "./testing/machine-fixture.js";
import {
  ACCOUNT_SID,
  API_TOKEN,
  AUTH_TOKEN,
  EventLog,
  PUBLIC_URL,
  recordEvents,
  routingFile,
  SECRET,
  TENANT,
} from "./testing/running-bridge.js";

/** The services as processes of their own, on a real Kafka, Redis and Postgres. */

const logger = createLogger({ name: "test", level: "silent" });
const kit = { logger, metrics: createMetrics() };
let agentCore: ServiceProcess;
let simulator: ServiceProcess;
let carrier: CarrierSimulator;
let bridgeEnv: Record<string, string>;
let bus: Bus;
let log: EventLog;

beforeAll(async () => {
  const brokers = await kafkaBrokers();
  [agentCore, simulator] = await Promise.all([
    ServiceProcess.start("agent-core", {
      DATABASE_URL: await postgresUrl(),
      AGENT_CORE_JWT_SECRET: SECRET,
      TRANSFER_QUEUES: "sales=+250788000009",
    }),
    ServiceProcess.start("realtime-simulator", {}),
  ]);
  carrier = new CarrierSimulator({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    voiceUrl: "http://127.0.0.1:1/twilio/voice",
    publicUrl: PUBLIC_URL,
    clock: systemClock,
  });
  bridgeEnv = {
    KAFKA_BROKERS: brokers.join(","),
    REDIS_URL: await redisUrl(),
    ROUTING_FILE: await routingFile(),
    AGENT_CORE_URL: agentCore.url,
    AGENT_CORE_JWT_SECRET: SECRET,
    PUBLIC_URL,
    TWILIO_ACCOUNT_SID: ACCOUNT_SID,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    TWILIO_API_URL: await carrier.listen(),
    VOICE_API_TOKEN: API_TOKEN,
    OPENAI_API_KEY: "offline",
    OPENAI_REALTIME_URL: `ws://127.0.0.1:${simulator.port}/v1/realtime`,
    DRAIN_SECONDS: "60",
  };
  bus = createBus({ brokers, clientId: "voice-bridge-test", ssl: false }, kit);
  log = new EventLog();
  await recordEvents(bus, log);
}, 180_000);

afterAll(async () => {
  await carrier.close();
  await Promise.all([bus.close(), agentCore.stop(), simulator.stop()]);
});

async function startBridge(): Promise<ServiceProcess> {
  const bridge = await ServiceProcess.start("voice-bridge", bridgeEnv);
  carrier.pointAt({
    voiceUrl: `${bridge.url}/twilio/voice`,
    statusUrl: `${bridge.url}/twilio/status`,
  });
  return bridge;
}

/** What a synthetic caller says: the simulator reads the caption. */
function utterance(text: string, language: string): Buffer {
  return writeCaption(tone({ hz: 440, durationMs: 1_200 }), { text, language });
}

async function event(call: SimulatedCall, type: string): Promise<object> {
  for (let at = 0; ;) {
    for (; at < log.events.length; at++) {
      const found = log.events[at];
      if (found?.subject === call.callSid && found.type === type)
        return found.data;
    }
    await log.more();
  }
}

describe("the services in processes of their own", () => {
  test("carry a call from the greeting over a payment to the opt-out, and refuse the next one", async () => {
    const bridge = await startBridge();
    try {
      const from = "+250788400001";
      const call = carrier.placeCall({ from, to: DESK });
      expect(await event(call, "media.transcript")).toMatchObject({
        role: "assistant",
        text: expect.stringContaining("spare parts desk"),
      });
      await call.speak(utterance("I want to pay 5000 francs", "en"));
      expect(await event(call, "call.payment_prompt")).toMatchObject({
        ussd: "*182*8*1*012345*5000#",
        method: "momo_ussd",
      });
      // The code is being read: the caller speaks over it.
      await call.waitFor("mark");
      await call.speak(utterance("Ntuzongere kumpamagara", "rw"));
      expect(await event(call, "call.opt_out")).toMatchObject({
        phone: from,
        language: "rw",
      });
      expect((await call.waitFor("ended")).reason).toBe("twiml-hangup");
      expect(await event(call, "call.stop")).toMatchObject({
        reason: "opt_out",
      });
      expect(await event(call, "media.turn")).toMatchObject({
        turn: 1,
        interrupted: true,
      });
      const core = createAgentCoreClient({
        baseUrl: agentCore.url,
        jwtSecret: SECRET,
        clock: systemClock,
        logger,
      });
      await expect(core.forTenant(TENANT).optOut(from)).resolves.toMatchObject({
        optedOut: true,
      });
      core.close();
      const refused = await fetch(`${bridge.url}/calls`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${API_TOKEN}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ tenantId: TENANT, to: from, agent: "sales" }),
      });
      expect(refused.status).toBe(409);
      // Nothing that identifies a person is in the log.
      expect(bridge.output).not.toContain(from);
      expect(bridge.output).not.toContain("kumpamagara");
      expect(bridge.output).not.toContain("5000 francs");
    } finally {
      await bridge.stop();
    }
  });

  test("told to end, takes no new call, lets the live one end, and exits with 0", async () => {
    const bridge = await startBridge();
    try {
      const call = carrier.placeCall({ from: "+250788400002", to: DESK });
      await event(call, "call.connected");
      bridge.signal("SIGTERM");
      await untilNotReady(bridge);
      const turnedAway = carrier.placeCall({ from: "+250788400003", to: DESK });
      expect((await turnedAway.waitFor("say")).text).toContain("new calls");
      await turnedAway.waitFor("dial");
      expect(call.ending).toBeUndefined();
      call.hangUp();
      expect(await bridge.exited).toEqual({ code: 0, signal: null });
      expect(await event(call, "call.stop")).toMatchObject({
        reason: "caller_hangup",
      });
    } finally {
      await bridge.stop();
    }
  });

  test("told twice to end, ends at once", async () => {
    const bridge = await startBridge();
    try {
      const call = carrier.placeCall({ from: "+250788400004", to: DESK });
      await event(call, "call.connected");
      bridge.signal("SIGTERM");
      await untilNotReady(bridge);
      bridge.signal("SIGTERM");
      expect((await bridge.exited).code).toBe(1);
    } finally {
      await bridge.stop();
    }
  });

  test("with a bad environment ends with 78 and a line per variable, without secrets", async () => {
    const bridge = await ServiceProcess.launch("voice-bridge", {
      ...bridgeEnv,
      MAX_CALLS: "many",
      PUBLIC_URL: "voice.example",
      OPENAI_API_KEY: "sk-secret",
      REDIS_URL: "http://:redis-secret@host",
      VOICE_API_TOKEN: "",
    });
    expect((await bridge.exited).code).toBe(78);
    const lines = bridge.output.trim().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^REDIS_URL: /),
      expect.stringMatching(/^PUBLIC_URL: .*voice\.example/),
      expect.stringMatching(/^VOICE_API_TOKEN: /),
      expect.stringMatching(/^MAX_CALLS: .*many/),
    ]);
    expect(bridge.output).not.toMatch(/secret@|sk-secret/);
  });
});

async function untilNotReady(bridge: ServiceProcess): Promise<void> {
  while (await bridge.answers("/readyz"))
    await new Promise((resolve) => setImmediate(resolve));
}
