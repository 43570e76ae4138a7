import {
  createBus,
  createStore,
  topicCatalogue,
  type Bus,
} from "@easymo/messaging";
import {
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeStored } from "../conversation/codec.js";
import { storeKey } from "../runtime/slots.js";
import { intent, newPhone, ROUTING, SECRET, TENANT } from "./events.js";
import { agentCoreOf, EventLog, quietKit, startAgentCore } from "./running.js";
import { StandIn } from "./stand-in.js";

export interface ChaosOptions {
  readonly intents: number;
  readonly brokers: 1 | 3;
  /** How often a replica is killed, and how many times in all. */
  readonly killEveryMs: number;
  readonly kills: number;
  readonly databaseUrl: string;
  readonly timeoutMs: number;
  readonly say: (words: string) => void;
}

/** What was found out about one run. */
export interface ChaosReport {
  /** Effects of which there is none, more than one key, or one key with several bodies. */
  readonly wrong: readonly string[];
  readonly reservations: number;
  readonly requests: number;
  readonly failures: number;
  /** Requests for each path, ids left out, and how many of them failed. */
  readonly byPath: Readonly<Record<string, string>>;
  readonly deadLetters: number;
  /** Conversations with something left to be done, though everything is. */
  readonly unfinished: number;
  /** Accounts that hold more or less than their wishes come to, or whose balance is not what came in. */
  readonly unbalanced: number;
}

interface World {
  readonly cluster: KafkaCluster;
  readonly redis: OwnRedis;
  readonly standIn: StandIn;
  readonly agentCoreUrl: string;
  readonly bus: Bus;
  readonly log: EventLog;
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * Sends intents through replicas that are killed all the time, over a Kafka that loses a broker and a Redis that forgets
 * everything, to a wallet that fails one time in five; then counts what arrived.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { intents: count, say } = options;
  const world = await startWorld(options);
  const replicas = new Replicas(world);
  try {
    say(`${options.brokers} broker(s), Redis, Postgres are up`);
    await replicas.start();
    const phones = Array.from({ length: Math.ceil(count / 2) }, newPhone);
    const money = await fillWallets(world, phones);
    say(`${phones.length} people have money`);
    const wishes = Array.from({ length: count }, (_, at) =>
      intent(phones[at % phones.length] ?? ""),
    );
    const trouble = makeTrouble(options, world, replicas);
    for (let at = 0; at < wishes.length; at += 250)
      await Promise.all(
        wishes.slice(at, at + 250).map((wish) =>
          world.bus.publishEvent("whatsapp.inbound", wish, {
            timeoutMs: 120_000,
          }),
        ),
      );
    say(`${count} intents are published`);
    await trouble;
    const ids = wishes.map(({ data }) => data.intentId);
    const done = new Set<string>();
    let saidMs = Date.now();
    await until(
      () => {
        noteComplete(world, ids, done);
        if (Date.now() - saidMs >= PROGRESS_MS) {
          saidMs = Date.now();
          say(`${done.size} of ${count} arrived`);
        }
        return done.size === count;
      },
      {
        what: `All of ${count} intents`,
        timeoutMs: options.timeoutMs,
        everyMs: 1_000,
      },
    );
    say("everything arrived");
    return {
      ...(await reportOf(world, ids, phones)),
      unbalanced: await money.unbalanced(
        wishes.map(({ data }) => data.contact),
      ),
    };
  } finally {
    await replicas.stop();
    await world.close();
  }
}

const PROGRESS_MS = 10_000;
const MONEY = 1_000_000;
const PRICE = 12_000;

/** Gives everybody money, from the world outside, and one vendor something to sell. */
async function fillWallets(
  { agentCoreUrl }: World,
  phones: readonly string[],
): Promise<{ unbalanced(contacts: readonly string[]): Promise<number> }> {
  const core = agentCoreOf(agentCoreUrl);
  await core.putVendor(
    "kimironko",
    {
      name: "Kimironko Moto Parts",
      phone: "+250788000111",
      area: "Kimironko",
      items: [{ name: "brake pads", price: PRICE, currency: "RWF" }],
    },
    { idempotencyKey: "vendor" },
  );
  const buyers = new Map<string, string>();
  const fill = async (phone: string): Promise<void> => {
    const { buyer } = await core.registerBuyer(
      { phone },
      { idempotencyKey: `buyer-${phone}` },
    );
    buyers.set(phone, buyer.buyerId);
    await core.transfer(
      { from: "external", to: buyer.buyerId, amount: MONEY, currency: "RWF" },
      { idempotencyKey: `money-${phone}` },
    );
  };
  for (let at = 0; at < phones.length; at += 8)
    await Promise.all(phones.slice(at, at + 8).map(fill));
  return {
    async unbalanced(contacts) {
      let wrong = 0;
      for (const [phone, buyerId] of buyers) {
        const { account } = await core.account(buyerId);
        const wishes = contacts.filter((contact) => contact === phone).length;
        if (account.balance !== MONEY || account.reserved !== wishes * PRICE)
          wrong += 1;
      }
      const outside = await core.account("external");
      return outside.account.balance === -MONEY * buyers.size
        ? wrong
        : wrong + 1;
    },
  };
}

async function makeTrouble(
  { killEveryMs, kills, brokers, say }: ChaosOptions,
  { cluster, redis, bus }: World,
  replicas: Replicas,
): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, killEveryMs));
    await replicas.killOne(kill);
    if (kill === Math.floor(kills / 2)) {
      await redis.restart();
      say("Redis was restarted, empty");
    }
    if (brokers === 3 && kill === Math.floor(kills / 3)) {
      await cluster.kill9(2);
      say("broker 2 was killed");
    }
    if (brokers === 3 && kill === Math.floor((kills * 2) / 3)) {
      await cluster.restart(2);
      say("broker 2 is back");
    }
  }
  await bus.check();
  say(`replicas were killed ${kills} times`);
}

/** Two replicas, one of which is always about to be killed. */
class Replicas {
  readonly #world: World;
  #processes: ServiceProcess[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async start(): Promise<void> {
    this.#processes = await Promise.all([this.#launch(), this.#launch()]);
    await Promise.all(
      this.#processes.map((one) =>
        until(() => one.answers("/readyz"), {
          what: "a replica",
          timeoutMs: 60_000,
        }),
      ),
    );
  }

  async killOne(turn: number): Promise<void> {
    const at = turn % 2;
    await this.#processes[at]?.stop();
    this.#processes[at] = await this.#launch();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop()));
  }

  #launch(): Promise<ServiceProcess> {
    const { cluster, redis, standIn, agentCoreUrl, folder } = this.#world;
    return ServiceProcess.launch("broker-orchestrator", {
      KAFKA_BROKERS: cluster.brokers.join(","),
      REDIS_URL: redis.url,
      ROUTING_FILE: join(folder, "routing.yaml"),
      AGENT_CORE_URL: agentCoreUrl,
      AGENT_CORE_JWT_SECRET: SECRET,
      WALLET_SERVICE_URL: standIn.url,
      BUYER_SERVICE_URL: standIn.url,
      RANKING_SERVICE_URL: standIn.url,
      RETRY_DELAYS_SECONDS: "1,2,5,10,30,60",
      LOG_LEVEL: "warn",
    });
  }
}

async function startWorld(options: ChaosOptions): Promise<World> {
  const [cluster, redis, standIn, agentCore, folder] = await Promise.all([
    startKafkaCluster({ brokers: options.brokers }),
    startRedis(),
    StandIn.start(),
    startAgentCore(options.databaseUrl),
    mkdtemp(join(tmpdir(), "broker-chaos-")),
  ]);
  let asked = 0;
  standIn.forwardTo = agentCore.url;
  standIn.fails = ({ path }) =>
    path.startsWith("/wallet") && (asked += 1) % 5 === 0;
  await writeFile(join(folder, "routing.yaml"), ROUTING);
  for (const { name, partitions } of topicCatalogue)
    await cluster.createTopic(name, {
      partitions,
      replicas: options.brokers,
      config: {
        "min.insync.replicas": options.brokers === 1 ? "1" : "2",
      },
    });
  const bus = createBus(
    { brokers: cluster.brokers, clientId: "broker-chaos", ssl: false },
    quietKit("chaos"),
  );
  const log = await EventLog.of(bus);
  return {
    cluster,
    redis,
    standIn,
    agentCoreUrl: agentCore.url,
    bus,
    log,
    folder,
    async close() {
      await bus.close();
      await Promise.all([agentCore.close(), standIn.close()]);
      await Promise.all([cluster.stop(), redis.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Adds the wishes of which everything has arrived. */
function noteComplete(
  { standIn, log }: World,
  ids: readonly string[],
  done: Set<string>,
): void {
  const reserved = new Set(
    standIn
      .done(/^\/wallet\/reservations$/)
      .map(({ body }) => String(body.intentId)),
  );
  const forwarded = new Set(
    log.of("ranking.forwarded").map(({ data }) => data.intentId),
  );
  const told = new Set(
    log.of("message.send").map(({ data }) => data.dedupeKey),
  );
  for (const id of ids)
    if (reserved.has(id) && forwarded.has(id) && told.has(`ranking:${id}`))
      done.add(id);
}

async function reportOf(
  { standIn, log, redis }: World,
  ids: readonly string[],
  phones: readonly string[],
): Promise<Omit<ChaosReport, "unbalanced">> {
  // First, for what nobody waits for may still be on its way when everything else has arrived.
  const unfinished = await unfinishedIn(redis.url, phones);
  const wrong: string[] = [];
  const paths = [/^\/rankings$/, /\/rankings$/, /\/intents$/, /^\/wallet/];
  for (const path of paths) {
    const keys = new Map<string, Set<string>>();
    const bodies = new Map<string, Set<string>>();
    const requests = standIn.requests.filter(
      (one) =>
        path.test(one.path) &&
        (path.source !== "\\/rankings$" || one.path.startsWith("/buyers")),
    );
    for (const { key = "", body, status } of requests) {
      if (status >= 300) continue;
      add(keys, String(body.intentId), key);
      add(bodies, key, JSON.stringify(body));
    }
    for (const id of ids)
      if (keys.get(id)?.size !== 1)
        wrong.push(`${path.source} ${id}: ${keys.get(id)?.size ?? 0} keys`);
    for (const [key, different] of bodies)
      if (different.size !== 1)
        wrong.push(`${path.source} ${key}: ${different.size} bodies`);
  }
  const events = new Map<string, Set<string>>();
  for (const { id, data } of log.of("ranking.forwarded"))
    add(events, `forwarded ${data.intentId}`, id);
  for (const { id, data } of log.of("message.send"))
    add(events, `told ${data.dedupeKey}`, id);
  for (const [what, own] of events)
    if (own.size !== 1) wrong.push(`${what}: ${own.size} events`);
  return {
    wrong,
    reservations: standIn.done(/^\/wallet\/reservations$/).length,
    requests: standIn.requests.length,
    failures: standIn.requests.filter(({ status }) => status >= 500).length,
    byPath: byPath(standIn.requests),
    deadLetters: log.deadLetters.length,
    unfinished,
  };
}

function byPath(
  requests: readonly { readonly path: string; readonly status: number }[],
): Record<string, string> {
  const counts = new Map<string, { all: number; failed: number }>();
  for (const { path, status } of requests) {
    const name = path.replace(/[0-9a-f-]{36}/g, "{id}");
    const count = counts.get(name) ?? { all: 0, failed: 0 };
    count.all += 1;
    if (status >= 500) count.failed += 1;
    counts.set(name, count);
  }
  return Object.fromEntries(
    [...counts].map(([name, { all, failed }]) => [
      name,
      `${all}, ${failed} failed`,
    ]),
  );
}

/** Conversations whose outbox is not empty, once everything has settled. */
async function unfinishedIn(
  url: string,
  phones: readonly string[],
): Promise<number> {
  const store = createStore(url, quietKit("chaos"));
  const open = async (): Promise<number> => {
    const found = await store.versioned.read(
      phones.map((phone) => storeKey(TENANT, `phone:${phone}`)),
    );
    return found.filter((entry) => {
      const stored =
        entry === undefined ? undefined : decodeStored(entry.value);
      return (
        stored?.kind === "conversation" && stored.conversation.outbox.length > 0
      );
    }).length;
  };
  try {
    await until(async () => (await open()) === 0, {
      what: "Empty outboxes",
      timeoutMs: 60_000,
      everyMs: 250,
    }).catch(() => undefined);
    return await open();
  } finally {
    await store.close();
  }
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}
