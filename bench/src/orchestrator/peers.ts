import { Agent, request } from "node:http";
import { Redis } from "ioredis";
import {
  Kafka,
  logLevel,
  type Consumer,
  type KafkaMessage,
  type Producer,
} from "kafkajs";
import {
  isPersonEvent,
  KEPT_MS,
  keyOfPerson,
  nextConversation,
  type PersonEvent,
} from "./conversation.js";
import {
  groupOf,
  TOLD_TOPIC,
  topicOf,
  type FollowingSubject,
  type FollowingSubjectName,
  type FollowingWorld,
} from "./subject.js";

const PARTITIONS_AT_ONCE = 6;
const CALLS_AT_ONCE = 256;
const ACK_ALL = -1;

interface Parts {
  readonly world: FollowingWorld;
  readonly redis: Redis;
  readonly producer: Producer;
  readonly agent: Agent;
  count(events: number): void;
}

/**
 * What one would write by hand: kafkajs and ioredis. No CloudEvents, no validation, no metrics, no outbox, nothing tried
 * again; what was handled before a crash is handled again. Consent is told of with a record, a call with a request.
 */
export async function startPeer(
  name: Exclude<FollowingSubjectName, "broker-orchestrator">,
  world: FollowingWorld,
): Promise<FollowingSubject> {
  const kafka = new Kafka({
    clientId: name,
    brokers: [...world.brokers],
    logLevel: logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: groupOf(name) });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const redis = new Redis(world.redisUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: CALLS_AT_ONCE });
  let handled = 0;
  const count = (events: number): void => void (handled += events);
  const parts = { world, redis, producer, agent, count };
  await Promise.all([consumer.connect(), producer.connect()]);
  await consumer.subscribe({
    topics: [topicOf[world.workload]],
    fromBeginning: true,
  });
  await (name === "each-batch"
    ? followBatches(consumer, parts)
    : followMessages(consumer, parts));
  return {
    handled: () => Promise.resolve(handled),
    async close() {
      await consumer.disconnect();
      await producer.disconnect();
      redis.disconnect();
      agent.destroy();
    },
  };
}

/** One read, one write, one send and one commit for each batch. */
async function followBatches(consumer: Consumer, parts: Parts) {
  await consumer.run({
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    eachBatch: async ({ batch: { messages } }) => {
      const events = messages.flatMap(eventOf);
      const people = [...new Set(events.map(({ from }) => from))];
      const kept = await parts.redis.mget(people.map(keyOfPerson));
      const conversations = new Map(
        people.map((phone, at) => [phone, kept[at] ?? null]),
      );
      for (const event of events)
        conversations.set(
          event.from,
          nextConversation(conversations.get(event.from) ?? null, event),
        );
      if (parts.world.workload === "calls") await callInOrder(events, parts);
      const pipeline = parts.redis.pipeline();
      for (const [phone, value] of conversations)
        pipeline.set(keyOfPerson(phone), value ?? "", "PX", KEPT_MS);
      await pipeline.exec();
      if (parts.world.workload === "news") await tell(events, parts);
      parts.count(events.length);
    },
  });
}

/** A read, a write, and a send or a call, for each event. */
async function followMessages(consumer: Consumer, parts: Parts) {
  await consumer.run({
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    eachMessage: async ({ message }) => {
      for (const event of eventOf(message)) {
        const key = keyOfPerson(event.from);
        const next = nextConversation(await parts.redis.get(key), event);
        await parts.redis.set(key, next, "PX", KEPT_MS);
        if (parts.world.workload === "calls") await call(event, parts);
        if (parts.world.workload === "news") await tell([event], parts);
        parts.count(1);
      }
    },
  });
}

function eventOf({ value }: KafkaMessage): PersonEvent[] {
  const data: unknown = JSON.parse(value?.toString("utf8") ?? "null");
  return isPersonEvent(data) ? [data] : [];
}

async function tell(
  events: readonly PersonEvent[],
  { producer }: Parts,
): Promise<void> {
  await producer.send({
    topic: TOLD_TOPIC,
    acks: ACK_ALL,
    messages: events.map(({ from, at }) => ({
      key: from,
      value: JSON.stringify({ contact: from, at }),
    })),
  });
}

/** One person's calls one after the other, everybody's at once. */
async function callInOrder(
  events: readonly PersonEvent[],
  parts: Parts,
): Promise<void> {
  const last = new Map<string, Promise<void>>();
  for (const event of events) {
    const before = last.get(event.from) ?? Promise.resolve();
    last.set(
      event.from,
      before.then(() => call(event, parts)),
    );
  }
  await Promise.all(last.values());
}

function call(event: PersonEvent, { world, agent }: Parts): Promise<void> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ phone: event.from, source: "voice" });
    const sent = request(
      `${world.servicesUrl}/tools/log-lead`,
      {
        agent,
        method: "POST",
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (response) => {
        response.resume();
        response.once("end", resolve);
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}
