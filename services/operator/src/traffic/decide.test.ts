import { describe, expect, test } from "@jest/globals";
import { decideTraffic } from "./decide.js";
import { ChannelTrafficLedger } from "./ledger.js";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");
const quiet = {
  lastAtMs: undefined,
  toldAtMs: undefined,
  writtenAtMs: undefined,
  channels: 10,
  nowMs: NOW_MS,
};

describe("a channel's last traffic", () => {
  test("is nothing to tell of where there was none, or none since", () => {
    expect(decideTraffic(quiet)).toEqual({ kind: "same" });
    const told = { ...quiet, toldAtMs: NOW_MS - 5_000 };
    expect(decideTraffic({ ...told, lastAtMs: NOW_MS - 4_001 })).toEqual({
      kind: "same",
    });
    expect(decideTraffic({ ...told, lastAtMs: NOW_MS - 60_000 })).toEqual({
      kind: "same",
    });
  });

  test("is told at once when nothing was told yet, in whole seconds, and never of the future", () => {
    expect(decideTraffic({ ...quiet, lastAtMs: NOW_MS - 1_400 })).toEqual({
      kind: "write",
      atMs: NOW_MS - 2_000,
    });
    expect(decideTraffic({ ...quiet, lastAtMs: NOW_MS + 60_000 })).toEqual({
      kind: "write",
      atMs: NOW_MS,
    });
  });

  test("is told a minute after it was told last", () => {
    const busy = {
      ...quiet,
      lastAtMs: NOW_MS - 1_000,
      toldAtMs: NOW_MS - 45_000,
    };
    expect(decideTraffic(busy)).toEqual({ kind: "later", inMs: 15_000 });
    expect(decideTraffic({ ...busy, toldAtMs: NOW_MS - 60_000 })).toEqual({
      kind: "write",
      atMs: NOW_MS - 1_000,
    });
    // An old traffic that was told a moment ago: the writing counts.
    expect(
      decideTraffic({
        ...busy,
        toldAtMs: NOW_MS - 600_000,
        writtenAtMs: NOW_MS - 10_000,
      }),
    ).toEqual({ kind: "later", inMs: 50_000 });
  });

  test("is told less often when there are many channels", () => {
    expect(
      decideTraffic({
        ...quiet,
        channels: 5_000,
        lastAtMs: NOW_MS,
        toldAtMs: NOW_MS - 60_000,
      }),
    ).toEqual({ kind: "later", inMs: 440_000 });
  });

  test("is the latest that any pod told, under the operator's own names", () => {
    const ledger = new ChannelTrafficLedger();
    const heard: string[] = [];
    const leave = ledger.onKeys((keys) =>
      heard.push(...keys.map(({ namespace, name }) => `${namespace}:${name}`)),
    );
    ledger.seen(new Map([["shop/desk", 5_000]]));
    ledger.seen(
      new Map([
        ["shop/desk", 4_000],
        ["by-hand", 9_000],
        ["a/b/c", 1],
      ]),
    );
    ledger.seen(new Map([["shop/desk", 6_000]]));
    expect(heard).toEqual(["shop:desk", "shop:desk"]);
    const key = { namespace: "shop", name: "desk" };
    expect(ledger.lastAtMs(key)).toBe(6_000);
    expect(ledger.keys()).toEqual([key]);
    ledger.forget(key);
    expect(ledger.keys()).toEqual([]);
    leave();
    ledger.seen(new Map([["shop/desk", 7_000]]));
    expect(heard).toHaveLength(2);
  });
});
