import { describe, expect, test } from "@jest/globals";
import { judge, type CarriedCalls, type HeldCalls } from "./held-calls.js";

const quiet: CarriedCalls = {
  p99Ms: 3,
  faults: 0,
  waitedMsPerSecond: 1,
  generator: { cpu: 0.7, waitedMsPerSecond: 1, latenessP99Ms: 1 },
};
const late = { ...quiet, p99Ms: 40 };

describe("a number of calls", () => {
  test.each<[string, CarriedCalls, HeldCalls]>([
    ["is held with nothing lost and in time", quiet, "held"],
    [
      "is held in time, whatever else the machine did",
      { ...quiet, waitedMsPerSecond: 300 },
      "held",
    ],
    ["is not held when frames are late", late, "subject"],
    ["is not held when a frame is lost", { ...quiet, faults: 1 }, "subject"],
    [
      "says nothing when neighbours took the core",
      { ...late, waitedMsPerSecond: 60 },
      "neighbours",
    ],
    [
      "says nothing when neighbours took the generator's",
      { ...late, generator: { ...late.generator, waitedMsPerSecond: 60 } },
      "neighbours",
    ],
    [
      "says nothing when the generator's core was full",
      { ...late, generator: { ...late.generator, cpu: 0.99 } },
      "generator",
    ],
    [
      "says nothing when the generator was late itself",
      { ...late, generator: { ...late.generator, latenessP99Ms: 15 } },
      "generator",
    ],
  ])("%s", (_what, carried, verdict) => {
    expect(judge(carried)).toBe(verdict);
  });
});
