import { describe, expect, test } from "@jest/globals";
import { SignalCopies } from "./signal-copies.js";

const PROGRAM = "/home/us/bridges/services/voice-bridge/dist/server.js";
const BY_PNPM = {
  npm_lifecycle_event: "start",
  npm_lifecycle_script: "exec ../../node_modules/node/bin/node dist/server.js",
  npm_package_json: "/home/us/bridges/services/voice-bridge/package.json",
};
const LATER_MS = 60_000;

describe("a signal that comes again", () => {
  test("is meant, where nothing stands above that passes it on", () => {
    const copies = new SignalCopies({}, PROGRAM);
    expect(copies.isCopy("SIGTERM", 0)).toBe(false);
    expect(copies.isCopy("SIGTERM", 0)).toBe(false);
  });

  test.each([
    [
      "of another package",
      {
        npm_lifecycle_script: "jest",
        npm_package_json: "/home/us/checks/package.json",
      },
    ],
    [
      "of the same package",
      { ...BY_PNPM, npm_lifecycle_script: "tsc && jest" },
    ],
  ])(
    "is meant, where what stands above runs a script %s that started this",
    (_which, env) => {
      const copies = new SignalCopies(env, PROGRAM);
      expect(copies.isCopy("SIGTERM", 0)).toBe(false);
      expect(copies.isCopy("SIGTERM", LATER_MS)).toBe(false);
    },
  );

  test.each(["SIGTERM", "SIGINT"] as const)(
    "is pnpm's copy of the first %s, however late, and once only",
    (signal) => {
      const copies = new SignalCopies(BY_PNPM, PROGRAM);
      expect(copies.isCopy(signal, 0)).toBe(false);
      expect(copies.isCopy(signal, LATER_MS)).toBe(true);
      expect(copies.isCopy(signal, LATER_MS)).toBe(false);
    },
  );

  test("is meant when it is another: pnpm's answer to a second Ctrl-C", () => {
    const copies = new SignalCopies(BY_PNPM, PROGRAM);
    expect(copies.isCopy("SIGINT", 0)).toBe(false);
    expect(copies.isCopy("SIGTERM", 1)).toBe(false);
  });

  test("is one keystroke with the interrupt just before it, whatever stands above", () => {
    const copies = new SignalCopies({}, PROGRAM);
    expect(copies.isCopy("SIGINT", 0)).toBe(false);
    expect(copies.isCopy("SIGINT", 499)).toBe(true);
    expect(copies.isCopy("SIGINT", 500)).toBe(false);
  });
});
