import { createBus, createStore, topicCatalogue } from "@easymo/messaging";
import {
  kafkaBrokers,
  randomName,
  redisUrl,
  startKafkaCluster,
  startRedis,
  until,
} from "@easymo/testbed";
import { expect, test } from "@jest/globals";
import {
  EventLog,
  newCall,
  quietKit,
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
});

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
});
