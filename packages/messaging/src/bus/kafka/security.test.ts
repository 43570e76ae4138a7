import { readFile } from "node:fs/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  randomName,
  startKafkaCluster,
  type KafkaCluster,
  type SecuredListeners,
} from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { busSettings, busSettingsOf } from "../../config.js";
import { gate, testDependencies, testRecord } from "../../test-support.js";
import type { Bus } from "../bus.js";
import { createBus } from "../create-bus.js";
import { z } from "zod";

const user = { username: "easymo", password: "not a guess" };
const topic = randomName("secured");

let cluster: KafkaCluster;
let secured: SecuredListeners;

beforeAll(async () => {
  cluster = await startKafkaCluster({ brokers: 1, user });
  if (cluster.secured === undefined) throw new Error("not secured");
  secured = cluster.secured;
  await cluster.createTopic(topic, { partitions: 1 });
});
afterAll(() => cluster.stop());

/** A bus by the variables of a service's environment. */
function busOf(brokers: readonly string[], env: Record<string, string>): Bus {
  const config = z.object(busSettings).parse({
    KAFKA_BROKERS: brokers.join(","),
    REDIS_URL: "memory:",
    ...env,
  });
  return createBus(busSettingsOf(config), testDependencies());
}

/** What is published arrives; with whatever listener and credentials. */
async function expectToWork(bus: Bus): Promise<void> {
  const id = randomName();
  const { opened: arrived, open } = gate();
  await bus.check();
  const subscription = await bus.subscribe({
    group: randomName("group"),
    topics: [topic],
    fromBeginning: true,
    onRecords: ({ records }) => {
      if (records.some(({ headers }) => headers.ce_id === id)) open();
    },
  });
  await bus.publish([testRecord(topic, "call", id)]);
  await arrived;
  await subscription.stop();
}

describe("brokers that ask for a user", () => {
  const sasl = (mechanism: string, password = user.password) => ({
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: user.username,
    KAFKA_SASL_PASSWORD: password,
  });

  test.each(["plain", "scram-sha-256", "scram-sha-512"])(
    "let in who has the password, by %s",
    async (mechanism) => {
      const bus = busOf(secured.sasl, sasl(mechanism));
      await expectToWork(bus);
      await bus.close();
    },
  );

  test.each(["plain", "scram-sha-512"])(
    "turn away who has a wrong one, by %s, without the bus saying it in its error",
    async (mechanism) => {
      const bus = busOf(secured.sasl, sasl(mechanism, "a wrong guess"));
      const refusal = await bus.check().then(
        () => undefined,
        (error: unknown) => String(error),
      );
      expect(refusal).toBeDefined();
      expect(refusal).not.toContain("a wrong guess");
      await bus.close();
    },
  );

  test("turn away who says no name", async () => {
    const bus = busOf(secured.sasl, {});
    await expect(bus.check()).rejects.toBeDefined();
    await bus.close();
  });
});

describe("brokers behind TLS", () => {
  const trusted = getCACertificates("default");
  afterAll(() => setDefaultCACertificates(trusted));

  test("are reached with KAFKA_SSL when their certificate is trusted, and not when it is not", async () => {
    const stranger = busOf(secured.tls, { KAFKA_SSL: "true" });
    await expect(stranger.check()).rejects.toBeDefined();
    await stranger.close();
    const certificate = await readFile(secured.certificateFile, "utf8");
    setDefaultCACertificates([...trusted, certificate]);
    const bus = busOf(secured.tls, { KAFKA_SSL: "true" });
    await expectToWork(bus);
    await bus.close();
  });

  test("are not reached in clear", async () => {
    const bus = busOf(secured.tls, {});
    await expect(bus.check()).rejects.toBeDefined();
    await bus.close();
  });
});
