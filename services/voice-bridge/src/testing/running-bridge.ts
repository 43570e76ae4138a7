import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAgentCore, readAgentCoreConfig } from "@easymo/agent-core";
import { testDatabase } from "@easymo/agent-core/testing";
import {
  createAgentCoreClient,
  type TenantAgentCore,
} from "@easymo/agent-core-client";
import { CarrierSimulator, signRequest } from "@easymo/carrier-simulator";
import {
  createMemoryBus,
  createMemoryStore,
  decodeEvent,
  type Bus,
  type EasymoEvent,
  type EventType,
  type Store,
} from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  systemClock,
  type RunningService,
  type ServiceKit,
} from "@easymo/service-kit";
import { createVoiceBridge } from "../app.js";
import { readVoiceBridgeConfig } from "../config.js";
import { FakeModel } from "./fake-model.js";
import { DESK, ROUTING } from "./machine-fixture.js";

export const SECRET = "a-secret-for-tests-of-32-characters!";
export const AUTH_TOKEN = "twilio-auth-token";
export const ACCOUNT_SID = "AC00000000000000000000000000000000";
export const API_TOKEN = "voice-api-token";
export const MEDIA_TOKEN = "media-token";
export const TENANT = "kigali-parts";
/** Where no agent-core is: most of a call goes on without it. */
export const NO_AGENT_CORE = "http://127.0.0.1:9";
/** The address that Twilio is told; the simulator maps it to the real port. */
export const PUBLIC_URL = "https://voice.example.test";

export function quietKit(name: string) {
  return createServiceKit({
    name,
    logger: createLogger({ name, level: "silent" }),
    metrics: createMetrics(),
  });
}

/** Less than a test may take, so that what was missed is named. */
const PATIENCE_MS = 120_000;

type EventOf<T extends EventType> = Extract<EasymoEvent, { type: T }>;

/** Keeps every event that goes by, and lets a test wait for one. */
export class EventLog {
  readonly events: EasymoEvent[] = [];
  #arrivals: (() => void)[] = [];

  add(event: EasymoEvent): void {
    this.events.push(event);
    for (const wake of this.#arrivals.splice(0)) wake();
  }

  /** Resolves when another event has come; rejects when none does. */
  more(patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.events.map((event) => event.type).join(", ");
        reject(new Error(`no further event came; so far: ${seen}`));
      }, patienceMs);
      this.#arrivals.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  of<T extends EventType>(type: T): EventOf<T>[] {
    return this.events.filter(
      (event): event is EventOf<T> => event.type === type,
    );
  }

  async next<T extends EventType>(type: T, index = 0): Promise<EventOf<T>> {
    for (;;) {
      const event = this.of(type)[index];
      if (event !== undefined) return event;
      await this.more();
    }
  }
}

export interface BridgeOptions {
  readonly env?: Record<string, string>;
  readonly bus?: Bus;
  readonly store?: Store;
  /** How fast the carrier plays; 10 unless told. */
  readonly speed?: number;
  readonly agentCoreUrl?: string;
  /** Quiet unless told. */
  readonly kit?: ServiceKit;
  readonly model?: FakeModel;
  /** The routing document; the contract's own unless told. */
  readonly routing?: string;
}

/** agent-core on an in-memory Postgres. */
export async function startAgentCore(): Promise<RunningService> {
  const config = readAgentCoreConfig({
    AGENT_CORE_JWT_SECRET: SECRET,
    DATABASE_URL: "pglite:memory",
    TRANSFER_QUEUES: "sales=+250788000009",
  });
  const kit = quietKit("agent-core");
  const database = await testDatabase(config.DATABASE_URL);
  return listen(createAgentCore({ config, kit, database }), {
    port: 0,
    host: "127.0.0.1",
  });
}

/** A real bridge between a simulated phone company and a model by script. */
export class RunningBridge {
  readonly service: RunningService;
  readonly model: FakeModel;
  readonly carrier: CarrierSimulator;
  readonly events: EventLog;
  readonly agentCore: TenantAgentCore;
  readonly #parts: (() => Promise<unknown>)[];

  private constructor(parts: {
    service: RunningService;
    model: FakeModel;
    carrier: CarrierSimulator;
    events: EventLog;
    agentCore: TenantAgentCore;
    closers: (() => Promise<unknown>)[];
  }) {
    this.service = parts.service;
    this.model = parts.model;
    this.carrier = parts.carrier;
    this.events = parts.events;
    this.agentCore = parts.agentCore;
    this.#parts = parts.closers;
  }

  static async start(
    agentCoreUrl: string,
    options: BridgeOptions = {},
  ): Promise<RunningBridge> {
    const kit = options.kit ?? quietKit("voice-bridge");
    const model = options.model ?? (await FakeModel.start());
    const carrier = new CarrierSimulator({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      voiceUrl: "http://127.0.0.1:1/twilio/voice",
      publicUrl: PUBLIC_URL,
      speed: options.speed ?? 10,
      ringMs: 5,
      clock: systemClock,
    });
    const bus = options.bus ?? createMemoryBus(kit);
    const events = new EventLog();
    await recordEvents(bus, events);
    const client = createAgentCoreClient({
      baseUrl: options.agentCoreUrl ?? agentCoreUrl,
      jwtSecret: SECRET,
      clock: kit.clock,
      logger: kit.logger,
    });
    const config = readVoiceBridgeConfig({
      KAFKA_BROKERS: "memory:",
      REDIS_URL: "memory:",
      ROUTING_FILE: "unused",
      AGENT_CORE_JWT_SECRET: SECRET,
      PUBLIC_URL,
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      TWILIO_API_URL: await carrier.listen(),
      TWILIO_MEDIA_AUTH_TOKEN: MEDIA_TOKEN,
      VOICE_API_TOKEN: API_TOKEN,
      OPENAI_API_KEY: "test-key",
      OPENAI_REALTIME_URL: model.url,
      SPOOL_DIR: await mkdtemp(join(tmpdir(), "voice-bridge-test-")),
      DRAIN_SECONDS: "0",
      ...options.env,
    });
    const service = await listen(
      createVoiceBridge(config, {
        ...kit,
        bus,
        store: options.store ?? createMemoryStore(kit.clock),
        routing: fixedRouting(RoutingTable.parse(options.routing ?? ROUTING)),
        agentCore: client,
      }),
      { port: 0, host: "127.0.0.1" },
    );
    carrier.pointAt({
      voiceUrl: `${service.url}/twilio/voice`,
      statusUrl: `${service.url}/twilio/status`,
    });
    return new RunningBridge({
      service,
      model,
      carrier,
      events,
      agentCore: client.forTenant(TENANT),
      closers: [
        () => carrier.close(),
        () => service.close(),
        () => model.close(),
      ],
    });
  }

  async close(): Promise<void> {
    for (const close of this.#parts) await close();
  }

  /** The calls API. */
  api(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.service.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${API_TOKEN}`,
        "content-type": "application/json",
        ...Object.fromEntries(new Headers(init.headers)),
      },
    });
  }

  /** A webhook of the carrier, signed. */
  webhook(path: string, fields: Record<string, string>): Promise<Response> {
    const form = {
      From: "+250788123456",
      To: DESK,
      Direction: "inbound",
      ...fields,
    };
    return fetch(`${this.service.url}${path}`, {
      method: "POST",
      headers: {
        "x-twilio-signature": signRequest(
          AUTH_TOKEN,
          `${PUBLIC_URL}${path}`,
          form,
        ),
      },
      body: new URLSearchParams(form),
    });
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.service.url}/metrics`)).text();
  }
}

const VOICE_TOPICS = [
  "voice.contact.events",
  "voice.media.events",
  "whatsapp.outbound",
];

export async function recordEvents(bus: Bus, log: EventLog): Promise<void> {
  // Nothing is committed, so records come again when the group starts anew.
  const seen = new Set<string>();
  const subscription = await bus.subscribe({
    group: `test-${Math.random().toString(36).slice(2)}`,
    topics: VOICE_TOPICS,
    fromBeginning: false,
    onRecords: ({ records }) => {
      for (const record of records) {
        const place = `${record.topic}:${record.partition}:${record.offset}`;
        if (seen.has(place)) continue;
        seen.add(place);
        log.add(decodeEvent(record));
      }
    },
  });
  await subscription.joined;
}

/** A routing file for processes of their own. */
export async function routingFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "voice-bridge-routing-"));
  const file = join(folder, "routing.yaml");
  await writeFile(file, ROUTING);
  return file;
}
