import { describe, expect, test } from "@jest/globals";
import { microTimestamp, setCondition, timestamp } from "./conditions.js";

const atNoon = Date.UTC(2026, 0, 1, 12);
const found = {
  type: "Ready",
  status: "True",
  reason: "Ready",
  message: "Calls are answered.",
  observedGeneration: 1,
} as const;

describe("conditions", () => {
  test("begin at the moment when they are first found", () => {
    expect(setCondition([], found, atNoon)).toEqual([
      { ...found, lastTransitionTime: "2026-01-01T12:00:00Z" },
    ]);
  });

  test("keep their moment while only the reason or the sentence changes", () => {
    const before = setCondition([], found, atNoon);
    const now = { ...found, message: "Calls are answered by sales." };
    expect(setCondition(before, now, atNoon + 60_000)).toEqual([
      { ...now, lastTransitionTime: "2026-01-01T12:00:00Z" },
    ]);
  });

  test("have a new moment when the status changes, and leave others alone", () => {
    const before = setCondition(
      setCondition([], { ...found, type: "Accepted" }, atNoon),
      found,
      atNoon,
    );
    const after = setCondition(
      before,
      { ...found, status: "False", reason: "NotReady" },
      atNoon + 60_000,
    );
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toMatchObject({
      status: "False",
      lastTransitionTime: "2026-01-01T12:01:00Z",
    });
  });

  test("write moments as Kubernetes reads them", () => {
    expect(timestamp(atNoon + 999)).toBe("2026-01-01T12:00:00Z");
    expect(microTimestamp(atNoon + 999)).toBe("2026-01-01T12:00:00.999000Z");
  });
});
