import {
  createAgentCore,
  createDatabase,
  readAgentCoreConfig,
} from "@easymo/agent-core";
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
  type RunningService,
} from "@easymo/service-kit";
import { postgresUrl } from "@easymo/testbed";
import { createWhatsAppBot } from "../app.js";
import { readWhatsAppBotConfig } from "../config.js";
import type { GraphApi } from "./graph-api.js";
import { ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN } from "./meta.js";

export const SECRET = "a-secret-for-tests-of-32-characters!";
export const TENANT = "kigali-parts";
/** Another tenant, whose agent has a template. */
export const OTHER_TENANT = "huye-foods";

export const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    languages: [en, rw, fr, sw]
    optOut: {phrases: [leave me be now]}
    payment: {region: rw, currency: RWF}
  - name: food
    instructions: You take orders for lunch.
    languages: [rw]
    whatsapp: {template: {name: we_have_news, language: en_US, parameters: ["{name|friend}", "{text}"]}}
channels:
  - {kind: whatsapp, address: "106540352242922", tenant: kigali-parts, agent: sales, name: production/parts-chat}
  - {kind: whatsapp, address: "206540352242922", tenant: huye-foods, agent: food}
`;

/** Every setting that a bot needs, on embedded defaults. */
export const ENV: Readonly<Record<string, string>> = {
  KAFKA_BROKERS: "memory:",
  REDIS_URL: "memory:",
  ROUTING_FILE: "unused",
  AGENT_CORE_URL: "http://127.0.0.1:9",
  AGENT_CORE_JWT_SECRET: SECRET,
  META_APP_SECRET: APP_SECRET,
  META_VERIFY_TOKEN: VERIFY_TOKEN,
  META_ACCESS_TOKEN: ACCESS_TOKEN,
  GRAPH_API_URL: "http://127.0.0.1:9",
};

export function quietKit(name: string) {
  return createServiceKit({
    name,
    logger: createLogger({ name, level: "silent" }),
    metrics: createMetrics(),
  });
}

/** agent-core on a real Postgres; on a port of its own when it is to come back there. */
export async function startAgentCore(port = 0): Promise<RunningService> {
  const config = readAgentCoreConfig({
    AGENT_CORE_JWT_SECRET: SECRET,
    DATABASE_URL: await postgresUrl(),
  });
  const kit = quietKit("agent-core");
  const database = createDatabase(config.DATABASE_URL, kit);
  return listen(createAgentCore({ config, kit, database }), {
    port,
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

const PATIENCE_MS = 120_000;

type EventOf<T extends EventType> = Extract<EasymoEvent, { type: T }>;

/** Keeps every record that goes by, and lets a test wait for one. */
export class EventLog {
  readonly events: EasymoEvent[] = [];
  readonly deadLetters: ReceivedRecord[] = [];
  readonly #seen = new Set<string>();
  #arrivals: (() => void)[] = [];

  static async of(bus: Bus): Promise<EventLog> {
    const log = new EventLog();
    const subscription = await bus.subscribe({
      group: `test-${Math.random().toString(36).slice(2)}`,
      topics: ["whatsapp.inbound", "whatsapp.outbound", "broker.dlq"],
      fromBeginning: true,
      onRecords: ({ records }) => {
        for (const record of records) log.#add(record);
      },
    });
    await subscription.joined;
    return log;
  }

  of<T extends EventType>(type: T): EventOf<T>[] {
    return this.events.filter(
      (event): event is EventOf<T> => event.type === type,
    );
  }

  /** The first event of a type that is about what the test means. */
  async next<T extends EventType>(
    type: T,
    isIt: (event: EventOf<T>) => boolean,
  ): Promise<EventOf<T>> {
    for (;;) {
      const found = this.of(type).find(isIt);
      if (found !== undefined) return found;
      await this.#more(type);
    }
  }

  async deadLetter(
    isIt: (record: ReceivedRecord) => boolean,
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
    if (this.#seen.has(place)) return;
    this.#seen.add(place);
    if (record.topic === "broker.dlq") this.deadLetters.push(record);
    else this.events.push(decodeEvent(record));
    for (const wake of this.#arrivals.splice(0)) wake();
  }

  #more(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const seen = this.events.map((event) => event.type).join(", ");
        reject(new Error(`${what} did not come; so far: ${seen}`));
      }, PATIENCE_MS);
      this.#arrivals.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

export interface BotOptions {
  readonly agentCoreUrl: string;
  readonly graph: GraphApi;
  readonly bus?: Bus;
  readonly store?: Store;
  readonly env?: Readonly<Record<string, string>>;
  readonly requestTimeoutMs?: number;
}

export interface RunningBot {
  readonly url: string;
  readonly bus: Bus;
  metrics(): Promise<string>;
  close(): Promise<void>;
}

/** A real bot on a real port. */
export async function startBot(options: BotOptions): Promise<RunningBot> {
  const kit = quietKit("whatsapp-bot");
  const bus = options.bus ?? createMemoryBus(kit);
  const config = readWhatsAppBotConfig({
    ...ENV,
    GRAPH_API_URL: options.graph.url,
    ...options.env,
  });
  const service = await listen(
    createWhatsAppBot(config, {
      ...kit,
      bus,
      store: options.store ?? createMemoryStore(kit.clock),
      routing: fixedRouting(RoutingTable.parse(ROUTING)),
      agentCore: createAgentCoreClient({
        baseUrl: options.agentCoreUrl,
        jwtSecret: SECRET,
        clock: kit.clock,
        logger: kit.logger,
      }),
    }),
    {
      port: 0,
      host: "127.0.0.1",
      ...(options.requestTimeoutMs === undefined
        ? {}
        : { requestTimeoutMs: options.requestTimeoutMs }),
    },
  );
  return {
    url: service.url,
    bus,
    metrics: async () => (await fetch(`${service.url}/metrics`)).text(),
    close: () => service.close(),
  };
}
