import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { busSettings, busSettingsOf } from "./config.js";

const schema = z.object(busSettings);
const read = (env: Record<string, string>) => busSettingsOf(schema.parse(env));
const REDIS_URL = "redis://localhost:6379";

describe("the bus's settings", () => {
  test("are brokers, separated by commas", () => {
    expect(read({ REDIS_URL, KAFKA_BROKERS: "one:9092, two:9093" })).toEqual({
      brokers: ["one:9092", "two:9093"],
      clientId: "easymo",
      ssl: false,
    });
  });

  test("are the bus inside the process", () => {
    expect(
      read({ REDIS_URL: "memory:", KAFKA_BROKERS: "memory:" }).brokers,
    ).toBe("memory:");
  });

  test("take TLS and SASL", () => {
    expect(
      read({
        REDIS_URL,
        KAFKA_BROKERS: "one:9092",
        KAFKA_CLIENT_ID: "voice-bridge",
        KAFKA_SSL: "true",
        KAFKA_SASL_MECHANISM: "scram-sha-512",
        KAFKA_SASL_USERNAME: "u",
        KAFKA_SASL_PASSWORD: "p",
      }),
    ).toEqual({
      brokers: ["one:9092"],
      clientId: "voice-bridge",
      ssl: true,
      sasl: { mechanism: "scram-sha-512", username: "u", password: "p" },
    });
  });

  test.each([
    "memory:",
    "rediss://cache:6380",
    "redis+cluster://one:6379,two:6379",
    "rediss+sentinel://:secret@one:26379,two:26379/easymo/1",
  ])("take %s for Redis", (url) => {
    const env = { REDIS_URL: url, KAFKA_BROKERS: "memory:" };
    expect(schema.parse(env).REDIS_URL).toBe(url);
  });

  test.each([
    ["KAFKA_BROKERS", { REDIS_URL }],
    ["KAFKA_BROKERS", { REDIS_URL, KAFKA_BROKERS: "no-port" }],
    ["KAFKA_BROKERS", { REDIS_URL, KAFKA_BROKERS: "a:1,,b:2" }],
    ["KAFKA_SSL", { REDIS_URL, KAFKA_BROKERS: "a:1", KAFKA_SSL: "perhaps" }],
    [
      "KAFKA_SASL_MECHANISM",
      { REDIS_URL, KAFKA_BROKERS: "a:1", KAFKA_SASL_MECHANISM: "none" },
    ],
    ["REDIS_URL", { KAFKA_BROKERS: "a:1" }],
    ["REDIS_URL", { KAFKA_BROKERS: "a:1", REDIS_URL: "http://x" }],
    ["REDIS_URL", { KAFKA_BROKERS: "a:1", REDIS_URL: "redis+cluster://" }],
    [
      "REDIS_URL",
      { KAFKA_BROKERS: "a:1", REDIS_URL: "redis+sentinel://one:26379" },
    ],
  ])("name %s when it is wrong", (name, env) => {
    const result = schema.safeParse(env);
    expect(result.error?.issues.map(({ path }) => path.join("."))).toEqual([
      name,
    ]);
  });

  test("say which SASL variable is missing", () => {
    const base = { REDIS_URL, KAFKA_BROKERS: "a:1" };
    expect(() =>
      read({
        ...base,
        KAFKA_SASL_MECHANISM: "plain",
        KAFKA_SASL_USERNAME: "u",
      }),
    ).toThrow("KAFKA_SASL_PASSWORD");
    expect(() => read({ ...base, KAFKA_SASL_PASSWORD: "hush" })).toThrow(
      "KAFKA_SASL_MECHANISM",
    );
  });
});
