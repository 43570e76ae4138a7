import { describe, expect, test } from "@jest/globals";
import { AgentCoreError, clientError } from "./errors.js";
import { parseRetryAfterMs, refusalOf } from "./refusal.js";
import { defaultRetryPolicy, nextDelayMs } from "./retry.js";

const nowMs = Date.UTC(2026, 0, 1);
const situation = {
  error: clientError("unreachable"),
  attempt: 1,
  remainingMs: 10_000,
  random: 1,
  policy: defaultRetryPolicy,
};

describe("the wait before another attempt", () => {
  test("doubles, with jitter, up to its ceiling", () => {
    const policy = { ...defaultRetryPolicy, maxAttempts: 10 };
    const waits = [1, 2, 3, 4, 5, 6].map((attempt) =>
      nextDelayMs({ ...situation, attempt, policy }),
    );
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(nextDelayMs({ ...situation, random: 0.25 })).toBe(25);
  });

  test("is not for what stays wrong, for the last attempt, or past the deadline", () => {
    const refused = refusalOf({
      status: 404,
      body: {},
      retryAfter: null,
      nowMs,
    });
    expect(nextDelayMs({ ...situation, error: refused })).toBeUndefined();
    expect(nextDelayMs({ ...situation, attempt: 3 })).toBeUndefined();
    expect(nextDelayMs({ ...situation, remainingMs: 100 })).toBeUndefined();
    expect(
      nextDelayMs({ ...situation, error: clientError("circuit_open") }),
    ).toBeUndefined();
  });

  test("is never less than the server asked for", () => {
    const error = new AgentCoreError({
      code: "busy",
      detail: "",
      retryable: true,
      blamesServer: true,
      retryAfterMs: 3_000,
    });
    expect(nextDelayMs({ ...situation, error })).toBe(3_000);
  });
});

describe("Retry-After", () => {
  test.each([
    ["2", 2_000],
    ["0", 0],
    [new Date(nowMs + 5_000).toUTCString(), 5_000],
    [new Date(nowMs - 5_000).toUTCString(), 0],
    ["soon", undefined],
    ["-1e9x", undefined],
    [null, undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(parseRetryAfterMs(text, nowMs)).toBe(ms);
  });
});

describe("a refusal", () => {
  test.each([
    [408, null, true],
    [409, null, false],
    [409, "1", true],
    [422, null, false],
    [429, null, true],
    [500, null, true],
    [501, null, false],
    [503, "1", true],
  ])(
    "with status %s and Retry-After %s may pass: %s",
    (status, retryAfter, retryable) => {
      const error = refusalOf({ status, body: undefined, retryAfter, nowMs });
      expect(error.retryable).toBe(retryable);
      expect(error.blamesServer).toBe(status >= 500);
    },
  );
});
