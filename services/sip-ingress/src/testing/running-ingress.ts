import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeEvent, type Bus, type Store } from "@easymo/messaging";
import type { EasymoEvent } from "@easymo/messaging";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  type Clock,
  type ListenOptions,
  type RunningService,
} from "@easymo/service-kit";
import { randomName } from "@easymo/testbed";
import { createSipIngress } from "../app.js";
import { readSipIngressConfig } from "../config.js";

export const TENANT = "kigali-parts";
export const TOKEN = "kigali-parts-token-for-tests";
export const OTHER_TENANT = "musanze-farm";
export const OTHER_TOKEN = "musanze-farm-token-for-tests";
export const DESK_URI = "sip:desk@kigali.example";
export const DESK_NUMBER = "+250780000001";

export const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw]
    turnDetection: {type: server_vad, threshold: 0.4, silence_duration_ms: 300}
  - name: farm
    instructions: You help farmers.
    model: gpt-realtime
    voice: cedar
    languages: [rw]
channels:
  - {kind: sip, address: "${DESK_URI}", tenant: ${TENANT}, agent: sales}
  - {kind: twilio, address: "${DESK_NUMBER}", tenant: ${TENANT}, agent: sales}
  - {kind: sip, address: "sip:trunk.example", tenant: ${TENANT}, agent: sales, name: production/trunk}
  - {kind: sip, address: "sip:farm@musanze.example", tenant: ${OTHER_TENANT}, agent: farm}
`;

/** The least environment that sip-ingress runs with. */
export const ENV = {
  KAFKA_BROKERS: "memory:",
  REDIS_URL: "memory:",
  ROUTING_FILE: "routing.yaml",
  SIP_INGRESS_TOKENS: `${TENANT}=${TOKEN},${OTHER_TENANT}=${OTHER_TOKEN}`,
  SIP_RATE_PER_SECOND: "1000000",
};

export function quietKit(clock?: Clock) {
  return createServiceKit({
    name: "sip-ingress",
    logger: createLogger({ name: "sip-ingress", level: "silent" }),
    metrics: createMetrics(),
    ...(clock === undefined ? {} : { clock }),
  });
}

/** sip-ingress in this process, on a bus and a store of the test's choice. */
export class RunningIngress {
  readonly #service: RunningService;

  private constructor(service: RunningService) {
    this.#service = service;
  }

  static async start(options: {
    bus: Bus;
    store: Store;
    clock?: Clock;
    env?: Record<string, string>;
    listening?: Partial<ListenOptions>;
  }): Promise<RunningIngress> {
    const app = createSipIngress(
      readSipIngressConfig({ ...ENV, ...options.env }),
      {
        ...quietKit(options.clock),
        bus: options.bus,
        store: options.store,
        routing: fixedRouting(RoutingTable.parse(ROUTING)),
      },
    );
    return new RunningIngress(
      await listen(app, { port: 0, host: "127.0.0.1", ...options.listening }),
    );
  }

  get url(): string {
    return this.#service.url;
  }

  get port(): number {
    return this.#service.port;
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  /** `POST /sip/events` as the tenant; text goes as it is. */
  send(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return postEvents(this.url, body, headers);
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }
}

export function postEvents(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return fetch(`${url}/sip/events`, {
    method: "POST",
    signal,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      "content-type": "application/json",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** A call of its own, with its events. */
export function newCall() {
  const callId = randomName("call");
  const event = (kind: string, more: Record<string, unknown> = {}) => ({
    callId,
    event: kind,
    timestamp: "2026-03-01T08:30:00Z",
    ...more,
  });
  return { callId, event };
}

/** Every event of the topics from now on, as a consumer sees it. */
export class EventLog {
  readonly events: EasymoEvent[] = [];

  static async of(bus: Bus): Promise<EventLog> {
    const log = new EventLog();
    const seen = new Set<string>();
    const subscription = await bus.subscribe({
      group: randomName("sip-ingress-test"),
      topics: ["voice.sip.events", "voice.contact.events"],
      onRecords: ({ records }) => {
        for (const record of records) {
          // Nothing is committed, so records come again after a rebalance.
          const place = `${record.topic}:${record.partition}:${record.offset}`;
          if (seen.has(place)) continue;
          seen.add(place);
          log.events.push(decodeEvent(record));
        }
      },
    });
    await subscription.joined;
    return log;
  }

  ofCall(callId: string): EasymoEvent[] {
    return this.events.filter((event) => event.subject === callId);
  }
}

/** A routing file for processes of their own. */
export async function routingFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sip-ingress-routing-"));
  const file = join(folder, "routing.yaml");
  await writeFile(file, ROUTING);
  return file;
}
