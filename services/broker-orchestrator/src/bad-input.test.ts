import {
  createBus,
  createMemoryStore,
  encodeEvent,
  topicCatalogue,
  type Bus,
  type EasymoEvent,
} from "@easymo/messaging";
import { systemClock, type RunningService } from "@easymo/service-kit";
import { startKafkaCluster, until, type KafkaCluster } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Kafka, logLevel } from "kafkajs";
import { DeadLetters } from "./dead-letters/dead-letters.js";
import { newPhone, received } from "./testing/events.js";
import {
  EventLog,
  quietKit,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";

/** What nobody should have put on a topic, on a real Kafka, between two events of people. */

const TOPIC = "whatsapp.inbound";
const FAR_FUTURE = "2999-01-01T00:00:00.000Z";
const LARGE_BYTES = 2 * 1_024 * 1_024;

let cluster: KafkaCluster;
let agentCore: RunningService;
let bus: Bus;
let orchestrator: RunningOrchestrator;
let letters: DeadLetters;
let log: EventLog;

beforeAll(async () => {
  [cluster, agentCore] = await Promise.all([
    startKafkaCluster({ brokers: 1 }),
    startAgentCore(),
  ]);
  await Promise.all(
    topicCatalogue.map(({ name, partitions }) =>
      cluster.createTopic(name, {
        partitions,
        // Larger than the dead letters take: as by somebody who configured it by hand.
        ...(name === TOPIC
          ? { config: { "max.message.bytes": String(2 * LARGE_BYTES) } }
          : {}),
      }),
    ),
  );
  const connect = () =>
    createBus(
      { brokers: cluster.brokers, clientId: "bad-input-test", ssl: false },
      quietKit("test"),
    );
  bus = connect();
  const store = createMemoryStore();
  letters = new DeadLetters({
    bus,
    keyValue: store.keyValue,
    clock: systemClock,
  });
  orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    bus: connect(),
    store,
  });
  log = await EventLog.of(bus);
});

afterAll(async () => {
  await orchestrator.close();
  await Promise.all([bus.close(), agentCore.close()]);
  await cluster.stop();
});

type Headers = Record<string, string>;

interface Bad {
  readonly value?: Buffer | null;
  /** What the headers of a good event become. */
  readonly headers?: (good: Headers) => Headers;
  readonly reason: string;
}

const good = encodeEvent(received(newPhone(), "hello"));

/** The good event's data, changed. */
function data(changes: Readonly<Record<string, unknown>>): Buffer {
  const before: unknown = JSON.parse(good.value.toString());
  return Buffer.from(JSON.stringify(Object.assign({}, before, changes)));
}

const bad: Readonly<Record<string, Bad>> = {
  "no JSON": { value: Buffer.from("{no json"), reason: "invalid_json" },
  "no UTF-8": {
    value: Buffer.from([0x22, 0xff, 0x22]),
    reason: "invalid_json",
  },
  "nothing at all": { value: null, reason: "invalid_json" },
  "no CloudEvent": { headers: () => ({}), reason: "missing_attribute" },
  "an unknown type": {
    headers: (its) => ({ ...its, ce_type: "message.sung" }),
    reason: "unknown_type",
  },
  "an unknown version": {
    headers: (its) => ({ ...its, ce_specversion: "2.0" }),
    reason: "unsupported_version",
  },
  "a time that is none": {
    headers: (its) => ({ ...its, ce_time: "yesterday" }),
    reason: "invalid_attribute",
  },
  "another content": {
    headers: (its) => ({ ...its, "content-type": "text/plain" }),
    reason: "invalid_attribute",
  },
  "data of another shape": { value: data({ kind: 7 }), reason: "invalid_data" },
  "data of another tenant": {
    value: data({ tenantId: "huye-foods" }),
    reason: "invalid_data",
  },
  "two megabytes": {
    value: data({ text: "a".repeat(LARGE_BYTES) }),
    reason: "too_large",
  },
  "two megabytes of which only a field that nobody knows is large": {
    value: data({ unknown: "a".repeat(LARGE_BYTES) }),
    reason: "too_large",
  },
  "a tenant that there is not": {
    value: data({ tenantId: "nobody" }),
    headers: (its) => ({ ...its, ce_tenantid: "nobody" }),
    reason: "unknown_tenant",
  },
  "an envelope from the far future": {
    headers: (its) => ({ ...its, ce_time: FAR_FUTURE }),
    reason: "from_the_future",
  },
  "data from the far future": {
    value: data({ at: FAR_FUTURE }),
    reason: "from_the_future",
  },
};

test("nonsense of every kind goes to the dead letters with its reason, and people are answered all the same", async () => {
  const [before, after] = [newPhone(), newPhone()];
  const messageOf = (event: EasymoEvent, key: string) => ({
    ...encodeEvent(event),
    key,
    partition: 0,
  });
  const producer = new Kafka({
    brokers: [...cluster.brokers],
    logLevel: logLevel.NOTHING,
  }).producer();
  await producer.connect();
  await producer.send({
    topic: TOPIC,
    messages: [messageOf(received(before, "Hello"), before)],
  });
  // One by one: together they are more than one request may have.
  for (const [what, { value = good.value, headers }] of Object.entries(bad))
    await producer.send({
      topic: TOPIC,
      messages: [
        {
          key: "somebody",
          value,
          partition: 0,
          headers: { ...(headers?.(good.headers) ?? good.headers), what },
        },
      ],
    });
  await producer.send({
    topic: "broker.retry",
    messages: [
      {
        key: "somebody",
        value: good.value,
        headers: { ...good.headers, what: "a retry of nothing" },
      },
    ],
  });
  await producer.send({
    topic: TOPIC,
    messages: [messageOf(received(after, "Hello"), after)],
  });
  await producer.disconnect();

  for (const phone of [before, after])
    await log.next("message.send", ({ data: sent }) => sent.to === phone);

  const wanted = Object.entries(bad).map(([what, { reason }]) => [
    what,
    reason,
    TOPIC,
  ]);
  wanted.push(["a retry of nothing", "missing_attribute", "broker.retry"]);
  const found = await until(
    async () => {
      const open = await letters.list({ group: "broker-orchestrator" });
      return open.length >= wanted.length ? open : undefined;
    },
    { timeoutMs: 120_000, what: "every dead letter" },
  );
  const told = found.map(({ headers, reason, originTopic }) => [
    headers.what,
    reason,
    originTopic,
  ]);
  expect(told.sort()).toEqual(wanted.sort());
  // Each at once: trying again would change nothing.
  expect(new Set(found.map(({ attempts }) => attempts))).toEqual(new Set([1]));
  const large = found.find(({ headers }) => headers.what === "two megabytes");
  expect(large?.shortened).toBe(true);
  expect(Number(large?.headers["x-value-bytes"])).toBeGreaterThan(LARGE_BYTES);
  expect(large?.bytes).toBeLessThan(1_024 * 1_024);

  const ready = await fetch(`${orchestrator.url}/readyz`);
  expect(ready.status).toBe(200);
});

test("nobody's words are in the reasons", async () => {
  const secret = "my-very-own-words";
  await bus.publish([
    {
      topic: TOPIC,
      key: "somebody",
      value: data({ name: { secret }, text: [secret] }),
      headers: { ...good.headers, what: "words" },
    },
  ]);
  const [letter] = await until(
    async () => {
      const open = await letters.list({ group: "broker-orchestrator" });
      const own = open.filter(({ headers }) => headers.what === "words");
      return own.length > 0 ? own : undefined;
    },
    { timeoutMs: 120_000, what: "the dead letter" },
  );
  expect(letter?.error).toContain("invalid_data");
  expect(letter?.error).not.toContain(secret);
});
