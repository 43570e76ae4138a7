import { setTimeout as pause } from "node:timers/promises";
import { createBus, topicCatalogue, type EasymoEvent } from "@easymo/messaging";
import {
  freePorts,
  randomName,
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import {
  ENV,
  EventLog,
  postEvents,
  quietKit,
  routingFile,
} from "../running-ingress.js";

export interface ChaosSettings {
  /** How many events are sent, each under a key of its own. */
  readonly events: number;
  /** How many clients send them, one after the other each. */
  readonly clients: number;
  readonly progress: (line: string) => void;
}

/** What became of the events. */
export interface ChaosReport {
  /** Events whose client was told 202 in the end. */
  readonly accepted: number;
  /** Tries that were refused, or never answered. */
  readonly triedAgain: number;
  /** Keys that Kafka has no event of. */
  readonly missing: readonly string[];
  /** Keys that Kafka has different events of, or another one than their client was told. */
  readonly differing: readonly string[];
}

const BROKERS = 3;
const CLIENT_PATIENCE_MS = 15_000;
const DEADLINE_MS = 600_000;

/**
 * sip-ingress in a process of its own, on three brokers and on a Redis that writes everything down. While clients send
 * until they are told 202, each of them is killed with `kill -9`: the service, Redis, and one broker.
 */
export async function runChaos(settings: ChaosSettings): Promise<ChaosReport> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const cluster = await startKafkaCluster({ brokers: BROKERS });
    closing.push(() => cluster.stop());
    for (const { name, partitions } of topicCatalogue)
      if (name.startsWith("voice."))
        await cluster.createTopic(name, {
          partitions,
          replicas: BROKERS,
          config: { "min.insync.replicas": "2" },
        });
    const redis = await startRedis({ durable: true });
    closing.push(() => redis.stop());
    const service = await Victim.start(cluster, redis);
    closing.push(() => service.stop());
    return await inTheMiddle(settings, { cluster, redis, service });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

interface Stage {
  readonly cluster: KafkaCluster;
  readonly redis: OwnRedis;
  readonly service: Victim;
}

async function inTheMiddle(
  settings: ChaosSettings,
  { cluster, redis, service }: Stage,
): Promise<ChaosReport> {
  const { events, progress } = settings;
  const bus = createBus(
    { brokers: cluster.brokers, clientId: "chaos", ssl: false },
    quietKit(),
  );
  const log = await EventLog.of(bus);
  const senders = new Senders(service.url, settings);
  const sending = senders.run();
  const after = (share: number): Promise<unknown> =>
    until(() => senders.accepted.size >= events * share, {
      timeoutMs: DEADLINE_MS,
      everyMs: 1,
      what: `${share} of the events`,
    });
  await after(0.2);
  progress(`${senders.accepted.size} accepted: kill -9 of the service`);
  await service.killAndRestart();
  await after(0.4);
  progress(`${senders.accepted.size} accepted: kill -9 of Redis`);
  await redis.restart();
  await after(0.6);
  progress(`${senders.accepted.size} accepted: kill -9 of broker 2`);
  await cluster.kill9(2);
  await after(0.8);
  progress(`${senders.accepted.size} accepted: broker 2 is started again`);
  await cluster.restart(2);
  await sending;
  progress(`${senders.accepted.size} accepted; reading them from Kafka`);
  const ids = await idsByKey(log.events, senders.accepted);
  await bus.close();
  return {
    accepted: senders.accepted.size,
    triedAgain: senders.triedAgain,
    missing: [...senders.accepted.keys()].filter((key) => !ids.has(key)),
    differing: [...senders.accepted].flatMap(([key, told]) => {
      const [id, ...others] = ids.get(key) ?? [];
      return id === undefined || (id === told && others.length === 0)
        ? []
        : [key];
    }),
  };
}

/** The ids that Kafka has of each key, once there is one of each, or no more come. */
async function idsByKey(
  events: readonly EasymoEvent[],
  accepted: ReadonlyMap<string, string>,
): Promise<Map<string, Set<string>>> {
  const ids = new Map<string, Set<string>>();
  let read = 0;
  await until(
    () => {
      for (; read < events.length; read++) {
        const { subject = "", id } = events[read] ?? {};
        if (id !== undefined)
          ids.set(subject, (ids.get(subject) ?? new Set()).add(id));
      }
      return [...accepted.keys()].every((key) => ids.has(key));
    },
    { timeoutMs: 60_000, everyMs: 100 },
  ).catch(() => undefined);
  return ids;
}

/** sip-ingress, always on the same port. */
class Victim {
  readonly #env: Record<string, string>;
  #process: ServiceProcess;

  private constructor(env: Record<string, string>, process: ServiceProcess) {
    this.#env = env;
    this.#process = process;
  }

  static async start(cluster: KafkaCluster, redis: OwnRedis): Promise<Victim> {
    const [port = 0] = await freePorts(1);
    const env = {
      ...ENV,
      PORT: String(port),
      KAFKA_BROKERS: cluster.brokers.join(","),
      REDIS_URL: redis.url,
      ROUTING_FILE: await routingFile(),
      LOG_LEVEL: "fatal",
    };
    return new Victim(env, await ServiceProcess.start("sip-ingress", env));
  }

  get url(): string {
    return this.#process.url;
  }

  async killAndRestart(): Promise<void> {
    await this.#process.stop();
    this.#process = await ServiceProcess.start("sip-ingress", this.#env);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

/** Clients that send each of their events until it is accepted, and wait as long as they are told to. */
class Senders {
  /** The event's id that each key's client was told. */
  readonly accepted = new Map<string, string>();
  triedAgain = 0;
  readonly #url: string;
  readonly #settings: ChaosSettings;
  readonly #run = randomName("run");
  #next = 0;

  constructor(url: string, settings: ChaosSettings) {
    this.#url = url;
    this.#settings = settings;
  }

  async run(): Promise<void> {
    await Promise.all(
      Array.from({ length: this.#settings.clients }, () => this.#client()),
    );
  }

  async #client(): Promise<void> {
    for (let at = this.#next++; at < this.#settings.events; at = this.#next++) {
      const key = `${this.#run}-${at}`;
      for (;;) {
        const waitSeconds = await this.#tryOnce(key);
        if (waitSeconds === undefined) break;
        this.triedAgain += 1;
        await pause(waitSeconds * 1_000);
      }
    }
  }

  /** Undefined when the event was accepted; else when to try again. */
  async #tryOnce(key: string): Promise<number | undefined> {
    try {
      const answer = await postEvents(
        this.#url,
        {
          callId: key,
          event: "ringing",
          timestamp: "2026-03-01T08:30:00Z",
          idempotencyKey: key,
        },
        {},
        AbortSignal.timeout(CLIENT_PATIENCE_MS),
      );
      const text = await answer.text();
      if (answer.status !== 202)
        return Number(answer.headers.get("retry-after") ?? 0.1);
      this.accepted.set(key, idOf(text));
      return undefined;
    } catch {
      // Broken off: whether it was taken is not known.
      return 0.1;
    }
  }
}

function idOf(text: string): string {
  return /"eventId":"([^"]+)"/.exec(text)?.[1] ?? "";
}
