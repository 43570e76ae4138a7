import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  createBus,
  createConsumer,
  createEvent,
  createMemoryBus,
  createMemoryStore,
  createStore,
  encodeEvent,
  topicCatalogue,
  type Bus,
  type BusRecord,
  type EventConsumer,
  type Store,
} from "@easymo/messaging";
import { systemClock } from "@easymo/service-kit";
import {
  randomName,
  startKafkaCluster,
  startRedis,
  until,
  type KafkaCluster,
  type OwnRedis,
} from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  jest,
  test,
} from "@jest/globals";
import { quietKit } from "../testing/running.js";
import { DeadLetters } from "./dead-letters.js";
import { runDeadLetters } from "./run.js";

const ROOT = join(import.meta.dirname, "../../../..");
const ORIGIN = "whatsapp.inbound";
const PATIENCE = { timeoutMs: 120_000 };

jest.setTimeout(120_000);

let cluster: KafkaCluster;
let redis: OwnRedis;
let bus: Bus;
let store: Store;
let letters: DeadLetters;
const consumers: EventConsumer[] = [];

beforeAll(async () => {
  [cluster, redis] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startRedis(),
  ]);
  await Promise.all(
    topicCatalogue.map(({ name, partitions }) =>
      cluster.createTopic(name, { partitions }),
    ),
  );
  bus = createBus(
    { brokers: cluster.brokers, clientId: "dead-letters-test", ssl: false },
    quietKit("test"),
  );
  store = createStore(redis.url, quietKit("test"));
  letters = new DeadLetters({
    bus,
    keyValue: store.keyValue,
    clock: systemClock,
  });
});

afterEach(async () => {
  await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
});

afterAll(async () => {
  await Promise.all([bus.close(), store.close()]);
  await Promise.all([cluster.stop(), redis.stop()]);
});

/** A message that somebody sent. */
function received(tenantId: string, id = randomName("event"), words = "hello") {
  return createEvent("message.received", {
    id,
    tenantId,
    source: "/test",
    requestId: `request-${id}`,
    data: {
      tenantId,
      userId: "+250788123456",
      phone: "+250788123456",
      at: new Date().toISOString(),
      messageId: id,
      phoneNumberId: "106540352242922",
      kind: "text",
      text: words,
    },
  });
}

/** Somebody's message as it lies in the dead letters. */
function buried(
  event: ReturnType<typeof received>,
  headers: Record<string, string> = {},
): BusRecord {
  const encoded = encodeEvent(event);
  return {
    topic: "broker.dlq",
    key: `${event.tenantId}:+250788123456`,
    value: encoded.value,
    headers: {
      ...encoded.headers,
      "x-origin-topic": ORIGIN,
      "x-group": "test-group",
      "x-attempt": "5",
      "x-not-before": new Date().toISOString(),
      "x-error": "AgentCoreError: timeout: no answer",
      ...headers,
    },
  };
}

interface Handler {
  readonly group: string;
  readonly handled: string[];
  broken: boolean;
}

/** A group of a service: what it handles of a tenant, and whether it can. */
async function handler(tenant: string, broken: boolean): Promise<Handler> {
  const state: Handler = { group: randomName("group"), handled: [], broken };
  const consumer = createConsumer({
    ...quietKit("consumer"),
    bus,
    group: state.group,
    topics: [ORIGIN],
    handled: store.idempotency,
    retryDelaysMs: [10],
    handler: async (event) => {
      if (event.tenantId !== tenant) return;
      if (state.broken)
        throw Object.assign(new Error("no_luck: not today"), {
          name: "TestError",
        });
      state.handled.push(event.id);
    },
  });
  consumers.push(consumer);
  await consumer.start();
  await consumer.joined();
  return state;
}

function openOf(tenant: string) {
  return until(async () => {
    const open = await letters.list({ tenant });
    return open.length > 0 ? open : undefined;
  }, PATIENCE);
}

describe("a dead letter", () => {
  test("is handled by the group that failed when it is replayed, and by nobody else again", async () => {
    const tenant = randomName("tenant");
    const [failing, fine] = await Promise.all([
      handler(tenant, true),
      handler(tenant, false),
    ]);
    const event = received(tenant);
    await bus.publishEvent(ORIGIN, event);
    const [letter, ...others] = await openOf(tenant);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      originTopic: ORIGIN,
      group: failing.group,
      attempts: 2,
      reason: "no_luck",
      eventId: event.id,
      eventType: "message.received",
      tenantId: tenant,
    });

    failing.broken = false;
    const settled = await letters.replay({ ids: [letter?.id ?? ""] });
    expect(settled).toMatchObject([
      { outcome: { kind: "replayed", topic: ORIGIN } },
    ]);
    await until(() => failing.handled.length > 0, PATIENCE);
    expect(await letters.list({ tenant })).toEqual([]);
    expect(await letters.replay({ tenant })).toEqual([]);
    // What comes after it on its partition shows that the others had it before.
    const last = received(tenant);
    await bus.publishEvent(ORIGIN, last);
    await until(() => fine.handled.includes(last.id), PATIENCE);
    expect(fine.handled).toEqual([event.id, last.id]);
    expect(failing.handled[0]).toBe(event.id);
  });

  test("that fails again is a dead letter again", async () => {
    const tenant = randomName("tenant");
    await handler(tenant, true);
    await bus.publishEvent(ORIGIN, received(tenant));
    const [first] = await openOf(tenant);
    await letters.replay({ tenant });
    const [second, ...others] = await openOf(tenant);
    expect(others).toEqual([]);
    expect(second?.eventId).toBe(first?.eventId);
    expect(second?.id).not.toBe(first?.id);
  });

  test("of long ago is handled by the group that failed, through the retry topic", async () => {
    const tenant = randomName("tenant");
    const [failed, other] = await Promise.all([
      handler(tenant, false),
      handler(tenant, false),
    ]);
    const event = received(tenant);
    const longAgo = "2026-01-01T00:00:00Z";
    await bus.publish([
      buried(event, { "x-group": failed.group, ce_time: longAgo }),
    ]);
    expect(await letters.replay({ tenant })).toMatchObject([
      { outcome: { kind: "replayed", topic: "broker.retry" } },
    ]);
    await until(() => failed.handled.length > 0, PATIENCE);
    expect(other.handled).toEqual([]);
  });

  test("that is dropped is open no more", async () => {
    const tenant = randomName("tenant");
    await bus.publish([
      buried(received(tenant, "a")),
      buried(received(tenant, "b")),
    ]);
    const open = await openOf(tenant);
    const dropped = open.find(({ eventId }) => eventId === "a")?.id ?? "";
    expect(await letters.drop({ ids: [dropped] })).toMatchObject([
      { outcome: { kind: "dropped" } },
    ]);
    expect(await letters.list({ tenant })).toMatchObject([{ eventId: "b" }]);
  });

  test("are replayed in several passes when they do not fit at once", async () => {
    const tenant = randomName("tenant");
    const events = ["a", "b", "c", "d", "e"].map((id) => received(tenant, id));
    await bus.publish(events.map((event) => buried(event)));
    await openOf(tenant);
    const narrow = new DeadLetters({
      bus,
      keyValue: store.keyValue,
      clock: systemClock,
      maxBytes: 600,
    });
    const settled = await narrow.replay({ tenant });
    expect(settled.map(({ letter }) => letter.eventId).sort()).toEqual([
      "a",
      "b",
      "c",
      "d",
      "e",
    ]);
    expect(await letters.list({ tenant })).toEqual([]);
  });
});

describe("the command", () => {
  const environment = (env: Record<string, string>) => ({
    KAFKA_BROKERS: cluster.brokers.join(","),
    REDIS_URL: redis.url,
    ...env,
  });

  async function dlq(
    args: readonly string[],
    env: Record<string, string> = {},
  ) {
    let [stdout, stderr] = ["", ""];
    const code = await runDeadLetters(args, environment(env), {
      out: (words) => void (stdout += words),
      err: (words) => void (stderr += words),
    });
    return { stdout, stderr, code };
  }

  test.each([
    [{}, 0, "No dead letters are open.\n", /^$/],
    [{ KAFKA_BROKERS: "memory:" }, 78, "", /^KAFKA_BROKERS: memory: .*\n$/],
    [{ KAFKA_BROKERS: "127.0.0.1:9" }, 1, "", /^Kafka cannot be used .*\n$/],
  ])("is a program: with %j it ends with %d", async (env, code, out, err) => {
    const child = spawn(
      join(ROOT, "node_modules/node/bin/node"),
      [
        join(ROOT, "services/broker-orchestrator/dist/dead-letters/cli.js"),
        "list",
        "--tenant",
        "nobody",
      ],
      { env: environment(env), stdio: ["ignore", "pipe", "pipe"] },
    );
    const exited = new Promise((resolve) => child.once("close", resolve));
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
    ]);
    expect(stdout).toBe(out);
    expect(stderr).toMatch(err);
    expect(await exited).toBe(code);
  });

  test("lists, shows, replays and drops", async () => {
    const tenant = randomName("tenant");
    await bus.publish(
      ["a", "b", "c"].map((id) => buried(received(tenant, id, "my words"))),
    );
    const listed = await dlq(["list", "--tenant", tenant, "--json"]);
    expect(listed).toMatchObject({ code: 0, stderr: "" });
    expect(listed.stdout).not.toContain("250788123456");
    const found: unknown = JSON.parse(listed.stdout);
    expect(found).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ eventId: "a", reason: "timeout" }),
      ]),
    );
    const open = await letters.list({ tenant });
    const id = (event: string) =>
      open.find(({ eventId }) => eventId === event)?.id ?? "";

    const table = await dlq(["list", "--tenant", tenant, "--limit", "2"]);
    const [head, ...rows] = table.stdout.trim().split("\n");
    expect(head).toMatch(/^ID +GIVEN UP +TOPIC +TYPE +EVENT/);
    expect(rows).toHaveLength(2);
    expect(table.stderr).toContain("1 more");

    const shown = await dlq(["show", id("a")]);
    expect(shown.stdout).toContain(`x-origin-topic: ${ORIGIN}`);
    expect(shown.stdout).not.toContain("my words");
    const revealed = await dlq(["show", id("a"), "--reveal", "--json"]);
    expect(JSON.parse(revealed.stdout)).toMatchObject({
      eventId: "a",
      value: { text: "my words", phone: "+250788123456" },
    });

    const replayed = await dlq(["replay", id("a"), "--json"]);
    expect(replayed.code).toBe(0);
    expect(JSON.parse(replayed.stdout)).toEqual([
      { id: id("a"), outcome: "replayed", topic: ORIGIN },
    ]);
    const again = await dlq(["replay", id("a")]);
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain(`Not open, or not there: ${id("a")}.`);

    const event = randomUUID();
    await bus.publish([buried(received(tenant, event))]);
    expect((await dlq(["list", "--tenant", tenant])).stdout).toContain(event);
    const byEvent = await dlq(["replay", event, "--json"]);
    expect(byEvent.code).toBe(0);
    expect(JSON.parse(byEvent.stdout)).toHaveLength(1);

    const dropped = await dlq(["drop", "--all", "--tenant", tenant]);
    expect(dropped.code).toBe(0);
    expect(dropped.stdout.match(/dropped/g)).toHaveLength(2);
    expect(await dlq(["list", "--tenant", tenant])).toMatchObject({
      code: 0,
      stdout: "No dead letters are open.\n",
    });
  });

  test("says what is wrong, in a sentence and with its exit code", async () => {
    await bus.publish([buried(received(randomName("tenant")))]);
    const [help, usage, config, noRedis, missing] = await Promise.all([
      dlq(["--help"], { KAFKA_BROKERS: "" }),
      dlq(["replay"]),
      dlq(["list"], { KAFKA_BROKERS: "memory:", REDIS_URL: "nowhere" }),
      dlq(["list"], { REDIS_URL: "redis://127.0.0.1:9" }),
      dlq(["show", "0-987654321"]),
    ]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("dlq replay");
    expect(usage.code).toBe(64);
    expect(usage.stderr).toContain("replay takes ids, or --all");
    expect(config.code).toBe(78);
    expect(config.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^REDIS_URL: /),
    ]);
    expect(noRedis.code).toBe(1);
    expect(noRedis.stderr).toMatch(/^Redis cannot be used .*\n$/);
    expect(missing).toMatchObject({
      code: 1,
      stderr: "There is no dead letter 0-987654321.\n",
    });
  });
});

describe("on the bus inside a process", () => {
  function inside() {
    const memory = createMemoryBus(quietKit("test"));
    const dead = new DeadLetters({
      bus: memory,
      keyValue: createMemoryStore().keyValue,
      clock: systemClock,
    });
    return { memory, dead };
  }

  test("it is the same", async () => {
    const { memory, dead } = inside();
    expect(await dead.list()).toEqual([]);
    await memory.publish([
      buried(received("t", "a")),
      buried(received("t", "b")),
    ]);
    expect(await dead.list()).toHaveLength(2);
    await dead.replay({ type: "message.received" });
    expect(await dead.list()).toEqual([]);
    expect(
      memory
        .records(ORIGIN)
        .map(({ headers }) => [
          headers.ce_id,
          Object.keys(headers).filter((name) => name.startsWith("x-")),
        ]),
    ).toEqual([
      ["a", []],
      ["b", []],
    ]);
    await memory.close();
  });

  test("what is of a topic that there is not, or was shortened, stays open; the others are replayed", async () => {
    const { memory, dead } = inside();
    await memory.publish([
      buried(received("t", "a"), { "x-value-bytes": "2000000" }),
      buried(received("t", "b"), { "x-origin-topic": "no.such.topic" }),
      buried(received("t", "c")),
    ]);
    const settled = await dead.replay({});
    const outcomes = settled.map(({ letter, outcome }): [string, string] => [
      letter.eventId ?? "",
      outcome.kind,
    ]);
    expect(Object.fromEntries(outcomes)).toEqual({
      a: "refused",
      b: "refused",
      c: "replayed",
    });
    expect(await dead.list()).toHaveLength(2);
    await memory.close();
  });

  test("a bus that is away is said to be", async () => {
    const { memory, dead } = inside();
    memory.setAvailable(false);
    await expect(dead.list()).rejects.toMatchObject({
      code: "bus_unavailable",
    });
    await memory.close();
  });
});
