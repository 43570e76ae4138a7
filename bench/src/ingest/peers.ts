import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import express from "express";
import { Redis, type ChainableCommander } from "ioredis";
import * as kafkajs from "kafkajs";
import type { Producer } from "kafkajs";
import { publishedKafkajs } from "./published-kafkajs.js";
import {
  EVENTS_PATH,
  EVENTS_TOPIC,
  type IngestSubject,
  type IngestSubjectName,
  type IngestWorld,
} from "./subject.js";
import { TurnBatch } from "./turn-batch.js";

/** As much of an event as they look at. */
interface CallEvent {
  readonly callId: string;
  readonly idempotencyKey: string;
}

/** Takes an event; resolves with whether it was a new one, when Kafka has it. */
type Taker = (event: CallEvent) => Promise<boolean>;

const ACK_ALL = -1;
const LEASE_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const KEPT_MS = 24 * 3_600_000;

/**
 * What one would write by hand: express, kafkajs, ioredis. No tokens, no CloudEvents, no metrics, no logs, no problem
 * documents; of a body only the two fields are looked at that are needed.
 */
export async function startPeer(
  name: Exclude<IngestSubjectName, "sip-ingress">,
  { brokers, redisUrl }: IngestWorld,
): Promise<IngestSubject> {
  const published =
    name === "send-each-published" ? await publishedKafkajs() : undefined;
  const { Kafka, logLevel } = published?.module ?? kafkajs;
  const producer = new Kafka({
    clientId: name,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  }).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const redis = new Redis(redisUrl);
  const server = createServer(
    // Connections outlive the others' turns.
    { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS },
    peerApp(takerOf(name, producer, redis)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("no port");
  return {
    port: address.port,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await producer.disconnect();
      redis.disconnect();
      await published?.remove();
    },
  };
}

function peerApp(take: Taker): express.Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(express.json());
  app.post(EVENTS_PATH, async (req, res) => {
    const body: unknown = req.body;
    if (!isCallEvent(body)) {
      res.status(400).json({ error: "not an event" });
      return;
    }
    const isNew = await take(body);
    res
      .status(isNew ? 202 : 409)
      .json({ eventId: randomUUID(), status: isNew ? "accepted" : "repeated" });
  });
  return app;
}

function isCallEvent(body: unknown): body is CallEvent {
  return (
    typeof body === "object" &&
    body !== null &&
    "callId" in body &&
    typeof body.callId === "string" &&
    "idempotencyKey" in body &&
    typeof body.idempotencyKey === "string"
  );
}

function takerOf(
  name: Exclude<IngestSubjectName, "sip-ingress">,
  producer: Producer,
  redis: Redis,
): Taker {
  switch (name) {
    case "express-alone":
      return () => Promise.resolve(true);
    case "send-each":
    case "send-each-published":
      return async (one) => {
        await send(producer, [one]);
        return true;
      };
    case "send-batched": {
      const batch = new TurnBatch<CallEvent, boolean>(async (events) => {
        await send(producer, events);
        return events.map(() => true);
      });
      return (one) => batch.add(one);
    }
    case "send-batched-claimed": {
      const batch = new TurnBatch((events: readonly CallEvent[]) =>
        claimAndSend(producer, redis, events),
      );
      return (one) => batch.add(one);
    }
  }
}

/** One pipeline of claims, one send of what was claimed, one pipeline of confirmations. */
async function claimAndSend(
  producer: Producer,
  redis: Redis,
  events: readonly CallEvent[],
): Promise<boolean[]> {
  const answers = await pipelined(redis, events, (pipeline, key) =>
    pipeline.set(key, "claimed", "PX", LEASE_MS, "NX"),
  );
  const isNew = answers.map((answer) => answer === "OK");
  const claimed = events.filter((_, at) => isNew[at] === true);
  if (claimed.length > 0) {
    await send(producer, claimed);
    await pipelined(redis, claimed, (pipeline, key) =>
      pipeline.set(key, "done", "PX", KEPT_MS),
    );
  }
  return isNew;
}

async function pipelined(
  redis: Redis,
  events: readonly CallEvent[],
  add: (pipeline: ChainableCommander, key: string) => unknown,
): Promise<unknown[]> {
  const pipeline = redis.pipeline();
  for (const { idempotencyKey } of events)
    add(pipeline, `peer:${idempotencyKey}`);
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}

async function send(
  producer: Producer,
  events: readonly CallEvent[],
): Promise<void> {
  await producer.send({
    topic: EVENTS_TOPIC,
    acks: ACK_ALL,
    messages: events.map((one) => ({
      key: one.callId,
      value: JSON.stringify(one),
    })),
  });
}
