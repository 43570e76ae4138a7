import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "@easymo/service-kit";
import { readAgentCoreConfig } from "./config.js";

const needed = { AGENT_CORE_JWT_SECRET: "s" };

function problemOf(env: Record<string, string>): string | undefined {
  try {
    readAgentCoreConfig({ ...needed, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]?.message;
    throw error;
  }
  return undefined;
}

describe("the configuration", () => {
  test("needs the secret alone", () => {
    expect(readAgentCoreConfig(needed)).toMatchObject({
      PORT: 4000,
      DATABASE_URL: "pglite:./data",
      MOMO_MERCHANTS: new Map(),
      TRANSFER_QUEUES: new Map(),
    });
  });

  test("reads merchants and queues, with numbers in E.164", () => {
    const config = readAgentCoreConfig({
      ...needed,
      MOMO_MERCHANTS: "kigali-parts=123456, huye=7777",
      TRANSFER_QUEUES: "sales=0788000009,kigali-parts/sales=+250788000010",
    });
    expect(config.MOMO_MERCHANTS).toEqual(
      new Map([
        ["kigali-parts", "123456"],
        ["huye", "7777"],
      ]),
    );
    expect(config.TRANSFER_QUEUES).toEqual(
      new Map([
        ["sales", "+250788000009"],
        ["kigali-parts/sales", "+250788000010"],
      ]),
    );
  });

  test.each([
    ["MOMO_MERCHANTS", "kigali-parts"],
    ["MOMO_MERCHANTS", "kigali-parts=12"],
    ["MOMO_MERCHANTS", "=123456"],
    ["MOMO_MERCHANTS", "a=123456,a=123457"],
    ["TRANSFER_QUEUES", "sales=desk"],
    ["TRANSFER_QUEUES", "a/b/c=+250788000009"],
    ["TRANSFER_QUEUES", "sales=+250788000009,"],
  ])("refuses %s=%s", (name, value) => {
    expect(problemOf({ [name]: value })).toContain("pairs separated by commas");
  });
});
