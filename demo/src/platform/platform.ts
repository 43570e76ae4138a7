import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createAgentCore,
  createDatabase,
  readAgentCoreConfig,
} from "@easymo/agent-core";
import {
  type AgentCoreClient,
  createAgentCoreClient,
} from "@easymo/agent-core-client";
import { CarrierSimulator } from "@easymo/carrier-simulator";
import { type Bus, createMemoryBus, createStore } from "@easymo/messaging";
import { createRealtimeSimulator } from "@easymo/realtime-simulator";
import { fixedRouting, type RoutingTable } from "@easymo/routing";
import {
  type Clock,
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  type RunningService,
  type ServiceApp,
  type ServiceKit,
} from "@easymo/service-kit";
import type { Voice } from "@easymo/telephone-audio";
import { createVoiceBridge, readVoiceBridgeConfig } from "@easymo/voice-bridge";
import type { DemoConfig } from "../config.js";

/** What the outside would call voice-bridge; the carrier knows better. */
const PUBLIC_URL = "https://voice.easymo.example";

export interface PlatformOptions {
  readonly config: DemoConfig;
  readonly routing: RoutingTable;
  /** What callers, the offline model and the phone company speak with. */
  readonly voice: Voice;
  readonly clock: Clock;
}

/** The services, each listening on a loopback port of its own. */
export interface Platform {
  readonly bus: Bus;
  readonly carrier: CarrierSimulator;
  readonly agentCore: AgentCoreClient;
  /** voice-bridge's address, and the token of its calls API. */
  readonly voiceUrl: string;
  readonly voiceApiToken: string;
  close(): Promise<void>;
}

/** Starts every service; what was started is ended again when one fails. */
export async function startPlatform(
  options: PlatformOptions,
): Promise<Platform> {
  const ending: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of ending.reverse().splice(0)) await end();
  };
  const run = async (app: ServiceApp): Promise<RunningService> => {
    const running = await listen(app, { port: 0, host: "127.0.0.1" });
    ending.push(() => running.close());
    return running;
  };
  try {
    return { ...(await startServices(options, run, ending)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startServices(
  options: PlatformOptions,
  run: (app: ServiceApp) => Promise<RunningService>,
  ending: (() => Promise<void>)[],
): Promise<Omit<Platform, "close">> {
  const { config, routing, clock, voice } = options;
  const kitOf = (name: string) => kitFor(name, options);
  const secrets = {
    jwtSecret: newSecret(),
    voiceApiToken: newSecret(),
    twilioAuthToken: newSecret(),
  };

  const agentCoreUrl = (await run(agentCore(options, secrets.jwtSecret))).url;
  const modelSettings =
    config.OPENAI_API_KEY === undefined
      ? offlineModel(
          await run(
            createRealtimeSimulator({
              kit: kitOf("realtime-simulator"),
              voice,
            }),
          ),
        )
      : realModel(config);

  const accountSid = `AC${randomBytes(16).toString("hex")}`;
  const carrier = new CarrierSimulator({
    accountSid,
    authToken: secrets.twilioAuthToken,
    voiceUrl: PUBLIC_URL,
    publicUrl: PUBLIC_URL,
    answerAs: "ring",
    announcer: (text, language) => voice.speak(text, language ?? "en"),
    recordHeard: false,
    clock,
  });
  const carrierUrl = await carrier.listen();
  const kit = kitOf("voice-bridge");
  const bus = createMemoryBus({ ...kit });
  const spool = await mkdtemp(join(tmpdir(), "easymo-demo-"));
  ending.push(() => rm(spool, { recursive: true, force: true }));
  const client = () =>
    createAgentCoreClient({
      baseUrl: agentCoreUrl,
      jwtSecret: secrets.jwtSecret,
      ...kit,
    });
  const bridge = await run(
    createVoiceBridge(
      readVoiceBridgeConfig({
        KAFKA_BROKERS: "memory:",
        REDIS_URL: "memory:",
        ROUTING_FILE: "routing.yaml",
        AGENT_CORE_URL: agentCoreUrl,
        AGENT_CORE_JWT_SECRET: secrets.jwtSecret,
        PUBLIC_URL,
        TWILIO_ACCOUNT_SID: accountSid,
        TWILIO_AUTH_TOKEN: secrets.twilioAuthToken,
        TWILIO_API_URL: carrierUrl,
        VOICE_API_TOKEN: secrets.voiceApiToken,
        DRAIN_SECONDS: "0",
        SPOOL_DIR: spool,
        ...modelSettings,
      }),
      {
        ...kit,
        bus,
        store: createStore("memory:", kit),
        routing: fixedRouting(routing),
        agentCore: client(),
      },
    ),
  );
  carrier.pointAt({
    voiceUrl: `${bridge.url}/twilio/voice`,
    statusUrl: `${bridge.url}/twilio/status`,
  });
  // Calls end before the bridge does, as when their callers hang up.
  ending.push(() => carrier.close());
  const ownClient = client();
  ending.push(() => {
    ownClient.close();
    return Promise.resolve();
  });
  return {
    bus,
    carrier,
    agentCore: ownClient,
    voiceUrl: bridge.url,
    voiceApiToken: secrets.voiceApiToken,
  };
}

function agentCore(options: PlatformOptions, jwtSecret: string): ServiceApp {
  const kit = kitFor("agent-core", options);
  const config = readAgentCoreConfig({
    DATABASE_URL: "pglite:memory",
    AGENT_CORE_JWT_SECRET: jwtSecret,
    TRANSFER_QUEUES: queuesOf(options.routing),
  });
  const database = createDatabase(config.DATABASE_URL, kit);
  return createAgentCore({ config, kit, database });
}

/** Each tenant's queues, as the agents of its channels transfer to them. */
function queuesOf(routing: RoutingTable): string {
  const queues = new Map<string, string>();
  for (const { tenant, agent } of routing.channels) {
    const transfer = routing.findAgent(tenant, agent)?.transfer;
    if (transfer === undefined) continue;
    queues.set(`${tenant}/${transfer.queue}`, transfer.to);
  }
  return [...queues].map(([queue, to]) => `${queue}=${to}`).join(",");
}

function offlineModel(simulator: RunningService): Record<string, string> {
  return {
    OPENAI_API_KEY: "offline",
    OPENAI_REALTIME_URL: `${simulator.url.replace("http", "ws")}/v1/realtime`,
  };
}

function realModel(config: DemoConfig): Record<string, string | undefined> {
  const { OPENAI_API_KEY, OPENAI_REALTIME_URL, OPENAI_REALTIME_MODEL } = config;
  return { OPENAI_API_KEY, OPENAI_REALTIME_URL, OPENAI_REALTIME_MODEL };
}

function kitFor(
  name: string,
  { config, clock }: Pick<PlatformOptions, "config" | "clock">,
): ServiceKit {
  return createServiceKit({
    name,
    logger: createLogger({ name, level: config.LOG_LEVEL }),
    metrics: createMetrics(),
    clock,
  });
}

function newSecret(): string {
  return randomBytes(24).toString("base64url");
}
