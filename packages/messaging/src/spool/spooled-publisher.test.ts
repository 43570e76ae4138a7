import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { appendFile, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { once } from "node:events";
import {
  randomName,
  startKafkaCluster,
  until,
  type KafkaCluster,
} from "@easymo/testbed";
import { z } from "zod";
import type { Bus, ReceivedRecord } from "../bus/bus.js";
import { createBus } from "../bus/create-bus.js";
import { createMemoryBus, type MemoryBus } from "../bus/memory/memory-bus.js";
import { range, testDependencies, testEvent } from "../test-support.js";
import { SpooledPublisher } from "./spooled-publisher.js";

const TOPIC = "voice.contact.events";
const MIB = 1_024 * 1_024;

const directories: string[] = [];
async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "easymo-spool-"));
  directories.push(directory);
  return directory;
}
afterAll(async () => {
  await Promise.all(
    directories.map((path) => rm(path, { recursive: true, force: true })),
  );
});

function spoolOn(
  bus: Bus,
  directory: string,
  maxBytes = 64 * MIB,
): SpooledPublisher {
  return new SpooledPublisher({
    bus,
    directory,
    maxBytes,
    ...testDependencies(),
  });
}

async function onDisk(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const idsOf = (records: readonly ReceivedRecord[]): string[] =>
  records.map(({ headers }) => headers.ce_id ?? "");

describe("a spool in front of a bus inside the process", () => {
  let bus: MemoryBus;
  const open: SpooledPublisher[] = [];
  const start = async (
    directory: string,
    maxBytes?: number,
  ): Promise<SpooledPublisher> => {
    const spool = spoolOn(bus, directory, maxBytes);
    open.push(spool);
    await spool.open();
    return spool;
  };
  beforeAll(() => {
    bus = createMemoryBus({ maxRecordsPerPartition: 100_000 });
  });
  afterEach(async () => {
    bus.setAvailable(true);
    await Promise.all(open.splice(0).map((spool) => spool.close()));
  });
  const arrivedFor = (callId: string): string[] =>
    idsOf(bus.records(TOPIC).filter(({ key }) => key === callId));

  test("while the bus answers, events go straight to it and nothing is on the disk", async () => {
    const directory = await newDirectory();
    const spool = await start(directory);
    const call = randomName();
    for (const n of range(50)) spool.publish(TOPIC, testEvent(call, `${n}`));
    expect(await spool.flush(5_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(range(50).map(String));
    expect(await onDisk(directory)).toBe(0);
    for (const n of range(50))
      spool.publish(TOPIC, testEvent(call, `again ${n}`));
    expect(await spool.flush(5_000)).toBe(true);
    expect(spool.depth()).toEqual({ records: 0, bytes: 0, spooling: false });
    expect(await onDisk(directory)).toBe(0);
  });

  test("while the bus is away, publishing goes on; when it is back, everything arrives once and in order", async () => {
    const directory = await newDirectory();
    const spool = await start(directory);
    const call = randomName();
    spool.publish(TOPIC, testEvent(call, "0"));
    await spool.flush(5_000);
    bus.setAvailable(false);
    for (const n of range(2_000))
      spool.publish(TOPIC, testEvent(call, `${n + 1}`));
    await until(() => spool.depth().spooling);
    await until(async () => (await onDisk(directory)) > 100_000);
    expect(await spool.flush(50)).toBe(false);
    expect(spool.depth().records).toBe(2_000);
    bus.setAvailable(true);
    for (const n of range(500))
      spool.publish(TOPIC, testEvent(call, `${n + 2_001}`));
    expect(await spool.flush(20_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(range(2_501).map(String));
    await until(async () => (await onDisk(directory)) === 0);
    expect(spool.depth().spooling).toBe(false);
  });

  test("what a run leaves, the next one delivers before its own", async () => {
    const directory = await newDirectory();
    const call = randomName();
    bus.setAvailable(false);
    const first = await start(directory);
    for (const n of range(300)) first.publish(TOPIC, testEvent(call, `${n}`));
    await first.close();
    bus.setAvailable(true);
    const second = spoolOn(bus, directory);
    open.push(second);
    for (const n of range(10))
      second.publish(TOPIC, testEvent(call, `${300 + n}`));
    expect(second.depth().records).toBe(10);
    await second.open();
    expect(await second.flush(10_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(range(310).map(String));
  });

  test("a run that ended in the middle of delivering is gone on with where it was", async () => {
    const directory = await newDirectory();
    const call = randomName();
    bus.setAvailable(false);
    const first = await start(directory, 2 * MIB);
    for (const n of range(3_000)) first.publish(TOPIC, testEvent(call, `${n}`));
    await until(async () => (await onDisk(directory)) > 800_000);
    bus.setAvailable(true);
    await until(() => arrivedFor(call).length > 500, { everyMs: 1 });
    await first.close();
    const second = await start(directory, 2 * MIB);
    expect(await second.flush(10_000)).toBe(true);
    const arrived = arrivedFor(call);
    expect([...new Set(arrived)]).toEqual(range(3_000).map(String));
  });

  test("the end of a file that a crash cut short is left out, everything before it is delivered", async () => {
    const directory = await newDirectory();
    const call = randomName();
    bus.setAvailable(false);
    const first = await start(directory);
    for (const n of range(20)) first.publish(TOPIC, testEvent(call, `${n}`));
    await first.close();
    const [segment = ""] = (await readdir(directory)).filter((name) =>
      name.endsWith(".spool"),
    );
    await appendFile(
      join(directory, segment),
      Buffer.from([0, 0, 1, 0, 9, 9, 9, 9, 1, 2, 3]),
    );
    bus.setAvailable(true);
    const second = await start(directory);
    second.publish(TOPIC, testEvent(call, "20"));
    expect(await second.flush(10_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(range(21).map(String));
  });

  test("a full spool refuses the newest, counts them, and throws nothing; what it took arrives", async () => {
    const directory = await newDirectory();
    const call = randomName();
    const { logger, metrics } = testDependencies();
    bus.setAvailable(false);
    const spool = new SpooledPublisher({
      bus,
      directory,
      maxBytes: 200_000,
      logger,
      metrics,
    });
    open.push(spool);
    await spool.open();
    for (const n of range(1_000)) spool.publish(TOPIC, testEvent(call, `${n}`));
    await until(async () => (await onDisk(directory)) > 100_000);
    const { records } = spool.depth();
    expect(records).toBeGreaterThan(200);
    expect(records).toBeLessThan(1_000);
    expect(await onDisk(directory)).toBeLessThanOrEqual(200_000);
    expect(await metrics.registry.metrics()).toContain(
      `easymo_bus_spool_refused_total{topic="${TOPIC}"} ${1_000 - records}`,
    );
    bus.setAvailable(true);
    expect(await spool.flush(10_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(range(records).map(String));
  });

  test("an event that is not valid is neither thrown nor in the way", async () => {
    const spool = await start(await newDirectory());
    const call = randomName();
    spool.publish("whatsapp.inbound", testEvent(call, "wrong topic"));
    spool.publish(TOPIC, testEvent(call, "right"));
    expect(await spool.flush(5_000)).toBe(true);
    expect(arrivedFor(call)).toEqual(["right"]);
  });

  test("a long outage does not grow the memory with what is spooled", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      fileURLToPath(
        new URL("../../dist/spool/spooling-memory.js", import.meta.url),
      ),
      await newDirectory(),
    ]);
    const told = z
      .object({
        records: z.number(),
        bytesOnDisk: z.number(),
        grownBytes: z.number(),
      })
      .parse(JSON.parse(stdout));
    expect(told.records).toBe(10_000);
    expect(told.bytesOnDisk).toBeGreaterThan(40 * MIB);
    expect(told.grownBytes).toBeLessThan(32 * MIB);
  });
});

describe("a spool in front of a Kafka of its own", () => {
  let cluster: KafkaCluster;
  let bus: Bus;
  beforeAll(async () => {
    cluster = await startKafkaCluster({ brokers: 1 });
    await cluster.createTopic(TOPIC, { partitions: 3 });
    bus = createBus(
      { brokers: cluster.brokers, clientId: "spool", ssl: false },
      testDependencies(),
    );
  });
  afterAll(async () => {
    await bus.close();
    await cluster.stop();
  });

  const everything = async (
    count: number,
    wanted: (record: ReceivedRecord) => boolean,
  ): Promise<ReceivedRecord[]> => {
    const received: ReceivedRecord[] = [];
    const subscription = await bus.subscribe({
      group: randomName(),
      topics: [TOPIC],
      fromBeginning: true,
      onRecords: ({ records }) => received.push(...records.filter(wanted)),
    });
    await until(() => received.length >= count, {
      what: `${count} events`,
      timeoutMs: 30_000,
    });
    await until(async () => (await subscription.lag()).length === 3);
    await subscription.stop();
    return received;
  };

  test("Kafka stopped and started again: no event lost, none twice, each call's in order, and publishing never waits", async () => {
    const directory = await newDirectory();
    const spool = spoolOn(bus, directory);
    await spool.open();
    const calls = range(20).map((n) => `outage-${n}`);
    let sent = 0;
    const tookMs: number[] = [];
    const publishSome = (count: number): void => {
      for (let left = count; left > 0; left--) {
        const startedMs = performance.now();
        const call = calls[sent % calls.length] ?? "";
        spool.publish(TOPIC, testEvent(call, `${call} ${sent}`));
        tookMs.push(performance.now() - startedMs);
        sent += 1;
      }
    };
    publishSome(500);
    expect(await spool.flush(10_000)).toBe(true);
    publishSome(500);
    const stopping = cluster.stopBroker(1);
    publishSome(500);
    await stopping;
    publishSome(1_500);
    await until(() => spool.depth().spooling);
    publishSome(1_000);
    await cluster.restart(1);
    publishSome(500);
    expect(await spool.flush(30_000)).toBe(true);
    await spool.close();

    const received = await everything(sent, ({ key }) =>
      key.startsWith("outage-"),
    );
    expect(received).toHaveLength(sent);
    for (const [at, call] of calls.entries()) {
      const expected = range(sent).filter((n) => n % calls.length === at);
      expect(idsOf(received.filter(({ key }) => key === call))).toEqual(
        expected.map((n) => `${call} ${n}`),
      );
    }
    // By what nearly all took: the machine itself may take the processor away for longer.
    tookMs.sort((a, b) => a - b);
    expect(tookMs[Math.floor(tookMs.length * 0.99)]).toBeLessThan(100);
  });

  test("the process killed while it spools: the next one delivers everything that was on the disk", async () => {
    const directory = await newDirectory();
    const script = fileURLToPath(
      new URL("../../dist/spool/killed-publisher.js", import.meta.url),
    );
    const child = spawn(process.execPath, [script, directory, "127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");

    const spool = spoolOn(bus, directory);
    await spool.open();
    const left = spool.depth().records;
    expect(left).toBeGreaterThanOrEqual(1_000);
    expect(await spool.flush(20_000)).toBe(true);
    await spool.close();
    const received = await everything(left, ({ key }) => key === "killed");
    expect(idsOf(received)).toEqual(range(left).map(String));
  });
});
