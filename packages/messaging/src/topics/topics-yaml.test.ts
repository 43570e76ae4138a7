import { Parser } from "@asyncapi/parser";
import { describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { kafkaBrokers, randomName } from "@easymo/testbed";
import { Kafka, logLevel } from "kafkajs";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { topicCatalogue } from "./catalogue.generated.js";

const repository = new URL("../../../../", import.meta.url);
const pathOf = (name: string): string =>
  fileURLToPath(new URL(name, repository));
const script = pathOf("infrastructure/kafka/kafka-topics.sh");
const run = promisify(execFile);

/** Strimzi's KafkaTopic v1, as far as its CRD restricts it, and what the platform puts on it. */
const kafkaTopic = z.strictObject({
  apiVersion: z.literal("kafka.strimzi.io/v1"),
  kind: z.literal("KafkaTopic"),
  metadata: z.strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
    labels: z.looseObject({ "strimzi.io/cluster": z.string() }),
    annotations: z.record(
      z.string().startsWith("bridges.easymo.dev/"),
      z.string(),
    ),
  }),
  spec: z.strictObject({
    partitions: z.int().min(1),
    replicas: z.int().min(1).max(32_767),
    config: z.record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()]),
    ),
  }),
});

async function declared() {
  const text = await readFile(
    pathOf("infrastructure/kafka/topics.yaml"),
    "utf8",
  );
  return parseAllDocuments(text).map((document) =>
    kafkaTopic.parse(document.toJS()),
  );
}

describe("topics.yaml", () => {
  test("declares the platform's topics, their partitions and keys", async () => {
    const topics = (await declared()).map(({ metadata, spec }) => [
      metadata.name,
      spec.partitions,
      metadata.annotations["bridges.easymo.dev/key"],
    ]);
    expect(topics).toEqual([
      ["voice.contact.events", 3, "callId"],
      ["voice.media.events", 6, "callId"],
      ["voice.sip.events", 3, "callId"],
      ["whatsapp.inbound", 6, "tenantId:userId"],
      ["whatsapp.outbound", 3, "tenantId:userId"],
      ["broker.outbound", 3, "tenantId:contact"],
      ["broker.retry", 3, "original"],
      ["broker.dlq", 3, "original"],
    ]);
  });

  test("keeps acknowledged records through the loss of a broker", async () => {
    for (const { spec } of await declared()) {
      expect(spec.replicas).toBe(3);
      expect(spec.config["min.insync.replicas"]).toBe(2);
    }
  });

  test("is what the code's catalogue says", async () => {
    expect(
      topicCatalogue.map(({ name, partitions, replicas }) => ({
        name,
        partitions,
        replicas,
      })),
    ).toEqual(
      (await declared()).map(
        ({ metadata: { name }, spec: { partitions, replicas } }) => ({
          name,
          partitions,
          replicas,
        }),
      ),
    );
  });
});

describe("kafka-topics.sh", () => {
  test("reads topics.yaml as a YAML parser does", async () => {
    const { stdout } = await run(script, ["--list"]);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t"));
    expect(lines).toEqual(
      (await declared()).map(({ metadata, spec }) => [
        metadata.name,
        String(spec.partitions),
        String(spec.replicas),
        Object.entries(spec.config)
          .map(([key, value]) => `${key}=${value}`)
          .join(","),
      ]),
    );
  });

  test("lowers the minimum of in-sync replicas with the replicas", async () => {
    const minimum = async (replicas: number): Promise<string | undefined> => {
      const { stdout } = await run(script, [
        "--list",
        "--replication-factor",
        String(replicas),
      ]);
      return /min\.insync\.replicas=(\d+)/.exec(stdout)?.[1];
    };
    expect(await Promise.all([1, 2, 3].map(minimum))).toEqual(["1", "1", "2"]);
  });

  test("creates, alters, and then has nothing to do", async () => {
    const brokers = await kafkaBrokers();
    const folder = await mkdtemp(join(tmpdir(), "easymo-topics-"));
    const file = join(folder, "topics.yaml");
    const name = randomName("declared");
    const declare = (partitions: number, retentionMs: number): Promise<void> =>
      writeFile(
        file,
        `kind: KafkaTopic\nmetadata:\n  name: ${name}\nspec:\n  partitions: ${partitions}\n  replicas: 1\n  config:\n    retention.ms: ${retentionMs} # a while\n`,
      );
    const apply = async (...more: string[]): Promise<string> => {
      const { stdout, stderr } = await run(script, [
        "--bootstrap-server",
        brokers.join(","),
        "--file",
        file,
        ...more,
      ]);
      return stdout + stderr;
    };
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();

    await declare(2, 60_000);
    expect(await apply("--dry-run")).toBe(
      `would create ${name} with 2 partitions, 1 replicas, retention.ms=60000\n`,
    );
    expect(await admin.listTopics()).not.toContain(name);
    expect(await apply()).toContain(`create ${name} with 2 partitions`);
    expect(await apply()).toBe("All topics are as declared.\n");
    await declare(3, 90_000);
    const altered = await apply();
    expect(altered).toContain(`raise ${name} from 2 to 3 partitions`);
    expect(altered).toContain(`set retention.ms=90000 on ${name}`);
    expect(await apply()).toBe("All topics are as declared.\n");
    await declare(1, 90_000);
    expect(await apply()).toContain("partitions cannot be taken away");
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    expect(topics[0]?.partitions).toHaveLength(3);

    await admin.deleteTopics({ topics: [name] });
    await admin.disconnect();
    await rm(folder, { recursive: true });
  });

  test.each([
    [["--bogus"], 2, "unknown option --bogus"],
    [
      ["--replication-factor", "none"],
      2,
      "--replication-factor must be a whole number",
    ],
    [["--file", "/nowhere.yaml"], 2, "/nowhere.yaml cannot be read"],
    [["--bootstrap-server"], 2, "--bootstrap-server needs a value"],
    [
      ["--bootstrap-server", "127.0.0.1:1"],
      3,
      "no broker answers at 127.0.0.1:1",
    ],
  ])("given %j ends with %d and one sentence", async (args, code, sentence) => {
    await expect(run(script, args)).rejects.toMatchObject({
      code,
      stderr: expect.stringContaining(sentence),
    });
  });
});

describe("docs/asyncapi.yaml", () => {
  test("is a document of AsyncAPI without fault, by its own parser", async () => {
    const { document, diagnostics } = await new Parser().parse(
      await readFile(pathOf("docs/asyncapi.yaml"), "utf8"),
    );
    expect(
      diagnostics.map(({ code, path, message }) => [
        code,
        path.join("."),
        message,
      ]),
    ).toEqual([]);
    expect(
      document
        ?.allChannels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual(topicCatalogue.map(({ name }) => name));
  });

  test("has a channel for every topic, and every reference leads somewhere", async () => {
    const document: unknown = parse(
      await readFile(pathOf("docs/asyncapi.yaml"), "utf8"),
    );
    const { channels } = z
      .looseObject({
        channels: z.record(z.string(), z.looseObject({ address: z.string() })),
      })
      .parse(document);
    expect(Object.values(channels).map(({ address }) => address)).toEqual(
      topicCatalogue.map(({ name }) => name),
    );
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g),
    ].map(([, path = ""]) => path);
    expect(references.length).toBeGreaterThan(100);
    for (const path of references) {
      const found = path
        .split("/")
        .reduce<unknown>(
          (at, key) =>
            typeof at === "object" && at !== null
              ? Object.entries(at).find(([name]) => name === key)?.[1]
              : undefined,
          document,
        );
      expect([path, typeof found]).toEqual([path, "object"]);
    }
  });
});
