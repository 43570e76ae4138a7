import { createAgentCore, readAgentCoreConfig } from "@easymo/agent-core";
import { testDatabase } from "@easymo/agent-core/testing";
import {
  createAgentCoreClient,
  type TenantAgentCore,
} from "@easymo/agent-core-client";
import {
  createMemoryBus,
  createMemoryStore,
  decodeEvent,
  type Bus,
  type EasymoEvent,
  type EventType,
  type ReceivedRecord,
  type Store,
} from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  type Clock,
  type RunningService,
} from "@easymo/service-kit";
import { createBrokerOrchestrator } from "../app.js";
import { readBrokerOrchestratorConfig } from "../config.js";
import type { TurnModel } from "../turns/turn-model.js";
import { ROUTING, SECRET, TENANT } from "./events.js";

export function quietKit(name: string, clock?: Clock) {
  return createServiceKit({
    name,
    logger: createLogger({ name, level: "silent" }),
    metrics: createMetrics(),
    ...(clock === undefined ? {} : { clock }),
  });
}

/** agent-core as it is, on this database. */
export async function startAgentCore(
  databaseUrl = "pglite:memory",
): Promise<RunningService> {
  const config = readAgentCoreConfig({
    AGENT_CORE_JWT_SECRET: SECRET,
    DATABASE_URL: databaseUrl,
  });
  const kit = quietKit("agent-core");
  const database = await testDatabase(config.DATABASE_URL);
  return listen(createAgentCore({ config, kit, database }), {
    port: 0,
    host: "127.0.0.1",
  });
}

/** A client of its own, as a desk of the tenant would have it. */
export function agentCoreOf(url: string, tenant = TENANT): TenantAgentCore {
  const { clock, logger } = quietKit("desk");
  return createAgentCoreClient({
    baseUrl: url,
    jwtSecret: SECRET,
    clock,
    logger,
  }).forTenant(tenant);
}

export interface RunningOrchestrator {
  readonly url: string;
  readonly bus: Bus;
  readonly store: Store;
  close(): Promise<void>;
}

export interface OrchestratorOptions {
  agentCoreUrl: string;
  standInUrl?: string;
  bus?: Bus;
  store?: Store;
  turns?: TurnModel;
  env?: Readonly<Record<string, string>>;
}

/** The orchestrator on a real port; on the in-process bus and store unless others are given. */
export async function startOrchestrator(
  options: OrchestratorOptions,
): Promise<RunningOrchestrator> {
  const kit = quietKit("broker-orchestrator");
  const bus = options.bus ?? createMemoryBus(kit);
  const store = options.store ?? createMemoryStore(kit.clock);
  const { standInUrl: url } = options;
  const config = readBrokerOrchestratorConfig({
    KAFKA_BROKERS: "memory:",
    REDIS_URL: "memory:",
    ROUTING_FILE: "unused",
    AGENT_CORE_URL: options.agentCoreUrl,
    AGENT_CORE_JWT_SECRET: SECRET,
    RETRY_DELAYS_SECONDS: "0.05,0.1",
    ...(url === undefined
      ? {}
      : {
          WALLET_SERVICE_URL: url,
          BUYER_SERVICE_URL: url,
          RANKING_SERVICE_URL: url,
          VOICE_BRIDGE_URL: url,
          VOICE_API_TOKEN: "voice-token",
        }),
    ...options.env,
  });
  const service = await listen(
    createBrokerOrchestrator(config, {
      ...kit,
      bus,
      store,
      routing: fixedRouting(RoutingTable.parse(ROUTING)),
      clientOf: (baseUrl) =>
        createAgentCoreClient({
          baseUrl,
          jwtSecret: SECRET,
          clock: kit.clock,
          logger: kit.logger,
          retry: { maxAttempts: 1 },
        }),
      ...(options.turns === undefined ? {} : { turns: options.turns }),
    }),
    { port: 0, host: "127.0.0.1" },
  );
  return { url: service.url, bus, store, close: () => service.close() };
}

const PATIENCE_MS = 120_000;
const OUT_TOPICS = ["whatsapp.outbound", "broker.outbound", "broker.dlq"];

type EventOf<T extends EventType> = Extract<EasymoEvent, { type: T }>;

/** Keeps every record that goes out, and lets a test wait for one. */
export class EventLog {
  readonly records: { record: ReceivedRecord; event: EasymoEvent }[] = [];
  readonly deadLetters: ReceivedRecord[] = [];
  readonly #places = new Set<string>();
  #arrivals: (() => void)[] = [];

  static async of(bus: Bus): Promise<EventLog> {
    const log = new EventLog();
    const subscription = await bus.subscribe({
      group: `test-${Math.random().toString(36).slice(2)}`,
      topics: OUT_TOPICS,
      fromBeginning: true,
      onRecords: ({ records }) => {
        for (const record of records) log.#add(record);
      },
    });
    await subscription.joined;
    return log;
  }

  /** Every record of a type, repeats too. */
  of<T extends EventType>(type: T): EventOf<T>[] {
    return this.records
      .map(({ event }) => event)
      .filter((event): event is EventOf<T> => event.type === type);
  }

  async next<T extends EventType>(
    type: T,
    isIt: (event: EventOf<T>) => boolean = () => true,
  ): Promise<EventOf<T>> {
    for (;;) {
      const found = this.of(type).find(isIt);
      if (found !== undefined) return found;
      await this.#more(type);
    }
  }

  async deadLetter(
    isIt: (record: ReceivedRecord) => boolean = () => true,
  ): Promise<ReceivedRecord> {
    for (;;) {
      const found = this.deadLetters.find(isIt);
      if (found !== undefined) return found;
      await this.#more("a dead letter");
    }
  }

  /** Nothing is committed, so records come again when the group starts anew. */
  #add(record: ReceivedRecord): void {
    const place = `${record.topic}:${record.partition}:${record.offset}`;
    if (this.#places.has(place)) return;
    this.#places.add(place);
    if (record.topic === "broker.dlq") this.deadLetters.push(record);
    else this.records.push({ record, event: decodeEvent(record) });
    for (const wake of this.#arrivals.splice(0)) wake();
  }

  #more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.records.map(({ event }) => event.type).join(", ");
        reject(new Error(`${what} did not come; so far: ${seen}`));
      }, PATIENCE_MS);
      this.#arrivals.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
