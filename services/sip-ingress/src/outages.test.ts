import { setTimeout as pause } from "node:timers/promises";
import { createBus, createStore, topicCatalogue } from "@easymo/messaging";
import {
  kafkaBrokers,
  randomName,
  redisUrl,
  ServiceProcess,
  startKafkaCluster,
  startRedis,
  until,
} from "@easymo/testbed";
import { expect, test } from "@jest/globals";
import {
  ENV,
  EventLog,
  newCall,
  postEvents,
  quietKit,
  routingFile,
  RunningIngress,
} from "./testing/running-ingress.js";

/** Kafka, Redis and the service itself go away, and come back. */

const CLIENT_ID = "sip-ingress-test";

test("Kafka away: 503, nothing kept; back again: the repeat makes the one event", async () => {
  const cluster = await startKafkaCluster({ brokers: 1 });
  try {
    for (const { name, partitions } of topicCatalogue)
      await cluster.createTopic(name, { partitions });
    const settings = {
      brokers: cluster.brokers,
      clientId: CLIENT_ID,
      ssl: false,
    };
    const kit = quietKit();
    const bus = createBus(settings, kit);
    const watcher = createBus(settings, kit);
    const log = await EventLog.of(watcher);
    const ingress = await RunningIngress.start({
      bus,
      store: createStore(await redisUrl(), {
        ...kit,
        prefix: `${randomName()}:`,
      }),
    });
    const call = newCall();
    const body = call.event("ringing", { idempotencyKey: call.callId });
    await cluster.kill9(1);
    const answer = await ingress.send(body);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await answer.json()).toMatchObject({ code: "kafka_unavailable" });
    expect((await fetch(`${ingress.url}/readyz`)).status).toBe(503);
    await cluster.restart(1);
    await until(async () => (await ingress.send(body)).status === 202);
    await until(() => log.ofCall(call.callId).length > 0);
    const ids = log.ofCall(call.callId).map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    await ingress.close();
    await watcher.close();
  } finally {
    await cluster.stop();
  }
}, 120_000);

test("Redis away or silent: 503, nothing published; back again: the repeat makes the one event", async () => {
  const redis = await startRedis();
  const kit = quietKit();
  const settings = {
    brokers: await kafkaBrokers(),
    clientId: CLIENT_ID,
    ssl: false,
  };
  const watcher = createBus(settings, kit);
  const log = await EventLog.of(watcher);
  const ingress = await RunningIngress.start({
    bus: createBus(settings, kit),
    store: createStore(redis.url, kit),
  });
  const away = [
    { begin: () => redis.kill(), end: () => redis.restart() },
    {
      begin: async () => redis.freeze(),
      end: async () => redis.thaw(),
    },
  ];
  try {
    for (const { begin, end } of away) {
      const call = newCall();
      const body = call.event("ringing", { idempotencyKey: call.callId });
      await begin();
      const answer = await ingress.send(body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.json()).toMatchObject({ code: "redis_unavailable" });
      expect((await fetch(`${ingress.url}/readyz`)).status).toBe(503);
      await end();
      await until(async () => (await ingress.send(body)).status === 202);
      await until(() => log.ofCall(call.callId).length > 0);
      expect(log.ofCall(call.callId)).toHaveLength(1);
    }
  } finally {
    redis.thaw();
    await ingress.close();
    await watcher.close();
    await redis.stop();
  }
}, 60_000);

const EVENTS = 2_000;
const CLIENTS = 50;

test("kill -9 of Redis, then of the service, amid retried requests: each key is one event, none is missing", async () => {
  const redis = await startRedis();
  const brokers = await kafkaBrokers();
  const watcher = createBus(
    { brokers, clientId: CLIENT_ID, ssl: false },
    quietKit(),
  );
  const log = await EventLog.of(watcher);
  const env = {
    ...ENV,
    KAFKA_BROKERS: brokers.join(","),
    REDIS_URL: redis.url,
    ROUTING_FILE: await routingFile(),
    LOG_LEVEL: "fatal",
  };
  let service = ServiceProcess.start("sip-ingress", env);
  const run = randomName("run");
  const accepted = new Map<string, string>();
  let next = 0;

  /** A client that sends each of its events until it is accepted, and waits as long as it is told to. */
  const client = async (): Promise<void> => {
    for (let at = next++; at < EVENTS; at = next++) {
      const callId = `${run}-${at}`;
      const body = {
        callId,
        event: "ringing",
        timestamp: "2026-03-01T08:30:00Z",
        idempotencyKey: callId,
      };
      for (;;) {
        const { url } = await service;
        const answer = await postEvents(url, body).catch(() => undefined);
        if (answer?.status === 202) {
          accepted.set(callId, await answer.text());
          break;
        }
        await answer?.body?.cancel();
        await pause(Number(answer?.headers.get("retry-after") ?? 0.1) * 1_000);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  try {
    await until(() => accepted.size > EVENTS / 3, { everyMs: 1 });
    await redis.restart();
    await until(() => accepted.size > (EVENTS * 2) / 3, { everyMs: 1 });
    const first = await service;
    service = first.stop().then(() => ServiceProcess.start("sip-ingress", env));
    await Promise.all(clients);

    const idsByCall = new Map<string, Set<string>>();
    const collect = (): boolean => {
      for (const { subject = "", id } of log.events)
        if (subject.startsWith(run))
          idsByCall.set(subject, (idsByCall.get(subject) ?? new Set()).add(id));
      return idsByCall.size >= EVENTS;
    };
    await until(collect);
    for (const [callId, answer] of accepted) {
      const [id, ...others] = idsByCall.get(callId) ?? [];
      expect(others).toEqual([]);
      expect(JSON.parse(answer)).toEqual({ eventId: id, status: "accepted" });
    }
    expect(accepted.size).toBe(EVENTS);
  } finally {
    await (await service).stop();
    await watcher.close();
    await redis.stop();
  }
}, 120_000);
