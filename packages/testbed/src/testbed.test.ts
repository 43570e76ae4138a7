import { afterEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";
import pg from "pg";
import { chromium } from "playwright-core";
import {
  chromiumPath,
  freePorts,
  kafkaBrokers,
  postgresUrl,
  randomName,
  redisUrl,
  startKafkaCluster,
  startProcess,
  startRedis,
  until,
} from "./index.js";

describe("what tests find or start", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test("is a Kafka with the catalogue's topics, the same for two who ask at once", async () => {
    const [brokers, again] = await Promise.all([
      kafkaBrokers(),
      kafkaBrokers(),
    ]);
    expect(again).toEqual(brokers);
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    closing.push(() => admin.disconnect());
    expect(await admin.listTopics()).toEqual(
      expect.arrayContaining(["voice.contact.events", "broker.dlq"]),
    );
  });

  test("is a Redis", async () => {
    const redis = new Redis(await redisUrl());
    closing.push(() => redis.quit());
    expect(await redis.ping()).toBe("PONG");
  });

  test("is a Postgres with a fresh database for each who asks", async () => {
    const urls = await Promise.all([postgresUrl(), postgresUrl()]);
    expect(new Set(urls).size).toBe(2);
    for (const connectionString of urls) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      closing.push(() => client.end());
      await client.query("CREATE TABLE mine (id int)");
      const { rows } = await client.query<{ v: string }>(
        "SELECT current_setting('server_version_num') AS v",
      );
      expect(Number(rows[0]?.v)).toBeGreaterThanOrEqual(150_000);
    }
  });

  test("is a Chromium that runs", async () => {
    const browser = await chromium.launch({
      executablePath: await chromiumPath(),
      args: ["--no-sandbox"],
    });
    closing.push(() => browser.close());
    const page = await browser.newPage();
    await page.setContent("<h1>Muraho</h1>");
    expect(await page.textContent("h1")).toBe("Muraho");
  });

  test("is a Redis of one's own that can be killed and comes back empty on its port", async () => {
    const own = await startRedis();
    closing.push(() => own.stop());
    const ask = async <T>(
      question: (redis: Redis) => Promise<T>,
    ): Promise<T> => {
      const redis = new Redis(own.url, {
        retryStrategy: () => null,
        maxRetriesPerRequest: 0,
      });
      redis.on("error", () => undefined);
      try {
        return await question(redis);
      } finally {
        redis.disconnect();
      }
    };
    await ask((redis) => redis.set("k", "v"));
    await own.kill();
    await expect(ask((redis) => redis.ping())).rejects.toThrow();
    await own.restart();
    expect(await ask((redis) => redis.get("k"))).toBeNull();
  });

  test("is a Kafka of one's own whose broker can be killed and comes back with its data", async () => {
    const cluster = await startKafkaCluster({ brokers: 1 });
    closing.push(() => cluster.stop());
    await cluster.createTopic("kept", { partitions: 2 });
    const kafka = new Kafka({
      brokers: [...cluster.brokers],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    });
    await cluster.kill9(1);
    await expect(kafka.admin().connect()).rejects.toThrow();
    await cluster.restart(1);
    const admin = kafka.admin();
    await admin.connect();
    closing.unshift(() => admin.disconnect());
    expect(await admin.listTopics()).toContain("kept");
  });
});

describe("the small things", () => {
  test("names are nobody else's, and ports are free and different", async () => {
    expect(randomName("a")).not.toBe(randomName("a"));
    expect(new Set(await freePorts(5)).size).toBe(5);
  });

  test("waiting says what did not come, and why", async () => {
    const never = until(() => Promise.reject(new Error("closed")), {
      timeoutMs: 30,
      what: "The door",
    });
    await expect(never).rejects.toMatchObject({
      message: "The door did not come true within 30 ms.",
      cause: { message: "closed" },
    });
  });

  test("a process runs until it is killed", async () => {
    const started = await startProcess("sleep", ["60"], {
      logFile: "/dev/null",
    });
    expect(started.isRunning()).toBe(true);
    await started.kill();
    expect(started.isRunning()).toBe(false);
  });
});
