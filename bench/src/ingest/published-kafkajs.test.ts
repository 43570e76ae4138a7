import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  publishedKafkajs,
  type PublishedKafkajs,
} from "./published-kafkajs.js";

/** A whole produce request with these messages, as it goes out. */
type EncodeRequest = (messages: readonly object[]) => Promise<Buffer>;

let published: PublishedKafkajs;
let theirs: EncodeRequest;
let ours: EncodeRequest;

beforeAll(async () => {
  const installed = fileURLToPath(import.meta.resolve("kafkajs"));
  published = await publishedKafkajs();
  theirs = await encoderOf(published.folder);
  ours = await encoderOf(dirname(installed));
});
afterAll(() => published.remove());

function member(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null
    ? Reflect.get(of, name)
    : undefined;
}

function call(of: unknown, argument: unknown): unknown {
  if (typeof of !== "function") throw new Error("not a function");
  return Reflect.apply(of, undefined, [argument]);
}

async function encoderOf(folder: string): Promise<EncodeRequest> {
  const load = async (file: string): Promise<unknown> => {
    const url = pathToFileURL(join(folder, "src/protocol", file)).href;
    return member(await import(url), "default");
  };
  const produce = await load("requests/produce/v7/request.js");
  const frame = await load("request.js");
  return async (messages) => {
    const half = Math.ceil(messages.length / 2);
    const partitions = [messages.slice(0, half), messages.slice(half)]
      .filter((some) => some.length > 0)
      .map((some, partition) => ({
        partition,
        firstSequence: 7,
        messages: some,
      }));
    const request = call(produce, {
      acks: -1,
      timeout: 1_000,
      producerId: "12345678901",
      producerEpoch: 1,
      topicData: [{ topic: "voice.sip.events", partitions }],
    });
    const framed = await call(frame, {
      correlationId: 5,
      clientId: "bench",
      request,
    });
    const bytes = member(framed, "buffer");
    if (!Buffer.isBuffer(bytes)) throw new Error("no bytes");
    return bytes;
  };
}

const timestamp = "1767225600123";
const plain = { key: "k", value: "v", timestamp };
/** Where a length takes one byte more on the wire, and a text one more than it has characters. */
const LENGTHS = [0, 1, 20, 21, 22, 31, 32, 62, 63, 64, 65, 127, 8_100, 70_000];
const TEXTS = LENGTHS.flatMap((length) =>
  ["x", "é", "Ⅻ", "🙂", "\ud800"].map((unit) => unit.repeat(length)),
);

const RECORD_LENGTHS = [0, 8_120].flatMap((from) =>
  Array.from({ length: 90 }, (_, at) => from + at),
);

describe("kafkajs with our patch", () => {
  test("is another program than the published one", () => {
    expect(published.folder).not.toBe("");
    expect(typeof published.module.Kafka).toBe("function");
    expect(ours).not.toBe(theirs);
  });

  test.each<[string, readonly object[]]>([
    ["one message", [plain]],
    ["no key", [{ value: "v", timestamp }]],
    ["no value, which deletes", [{ key: "k", value: null, timestamp }]],
    ["bytes", [{ key: Buffer.from("k"), value: Buffer.alloc(300), timestamp }]],
    ["texts as keys", TEXTS.map((key) => ({ ...plain, key }))],
    ["texts as values", TEXTS.map((value) => ({ ...plain, value }))],
    [
      "texts as headers",
      TEXTS.map((text, at) => ({
        ...plain,
        headers: { [text]: "a", [`x${at}`]: text, bytes: Buffer.from(text) },
      })),
    ],
    [
      "a header that is there more than once",
      [{ ...plain, headers: { a: ["1", Buffer.from("2")], b: [], c: "3" } }],
    ],
    [
      "times that differ",
      [1, 5_000, -3, 2 ** 33].map((ms) => ({
        ...plain,
        timestamp: String(1_767_225_600_123 + ms),
      })),
    ],
    [
      "records around each border of their own length",
      RECORD_LENGTHS.map((length) => ({ ...plain, value: "v".repeat(length) })),
    ],
    ["many messages", Array.from({ length: 3_000 }, () => plain)],
  ])("writes %s as the published one does, byte for byte", async (_, sent) => {
    // Of megabytes, a difference is not to be printed byte by byte.
    const [own, published] = [await ours(sent), await theirs(sent)];
    expect(own.length).toBe(published.length);
    expect(own.equals(published)).toBe(true);
  });

  test("refuses a header that is neither text nor bytes, as the published one does", async () => {
    const sent = [{ ...plain, headers: { a: null } }];
    await expect(theirs(sent)).rejects.toThrow("must be of type string");
    await expect(ours(sent)).rejects.toThrow("must be of type string");
  });
});
