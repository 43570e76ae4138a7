import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  audioComplete,
  audioSent,
  createPlaybackLedger,
  cutPlayback,
  detachItems,
  isPlaying,
  markReturned,
  plainMarkReturned,
  presumeHeard,
  unheardMs,
} from "./playback-ledger.js";

const MS = 8;

describe("the ledger of what a caller has heard", () => {
  test("gives each piece of audio a mark of its own name", () => {
    const ledger = createPlaybackLedger();
    const marks = [1, 2, 3].map(() => audioSent(ledger, "a", "r", 160, 0));
    expect(new Set(marks).size).toBe(3);
  });

  test("cuts an item at its last returned mark, not at what was sent", () => {
    const ledger = createPlaybackLedger();
    const first = audioSent(ledger, "a", "r", 100 * MS, 0);
    audioSent(ledger, "a", "r", 300 * MS, 0);
    markReturned(ledger, first);
    expect(cutPlayback(ledger)).toEqual([
      expect.objectContaining({ audioEndMs: 100 }),
    ]);
    expect(isPlaying(ledger)).toBe(false);
  });

  test("cuts an item whose audio was all sent but not all heard", () => {
    const ledger = createPlaybackLedger();
    const first = audioSent(ledger, "a", "r", 100 * MS, 0);
    audioSent(ledger, "a", "r", 100 * MS, 0);
    audioComplete(ledger, "a");
    markReturned(ledger, first);
    expect(cutPlayback(ledger).map((cut) => cut.audioEndMs)).toEqual([100]);
  });

  test("cuts queued items at nothing, each once", () => {
    const ledger = createPlaybackLedger();
    const first = audioSent(ledger, "a", "r", 100 * MS, 0);
    audioSent(ledger, "b", "r", 100 * MS, 0);
    audioSent(ledger, "c", "r2", 100 * MS, 0);
    markReturned(ledger, first);
    const cut = cutPlayback(ledger);
    expect(cut.map((c) => [c.item.itemId, c.audioEndMs])).toEqual([
      ["a", 100],
      ["b", 0],
      ["c", 0],
    ]);
    expect(cutPlayback(ledger)).toEqual([]);
  });

  test("is done with an item that was heard to its end", () => {
    const ledger = createPlaybackLedger();
    const mark = audioSent(ledger, "a", "r", 160, 0);
    expect(markReturned(ledger, mark)).toEqual([]);
    expect(audioComplete(ledger, "a").map((i) => i.itemId)).toEqual(["a"]);
    expect(isPlaying(ledger)).toBe(false);
  });

  test("takes no mark of cleared audio for heard", () => {
    const ledger = createPlaybackLedger();
    const stale = audioSent(ledger, "a", "r", 160, 0);
    cutPlayback(ledger);
    audioSent(ledger, "b", "r2", 160, 0);
    markReturned(ledger, stale);
    expect(cutPlayback(ledger).map((c) => c.audioEndMs)).toEqual([0]);
  });

  test("marks items of a lost session as not to be truncated", () => {
    const ledger = createPlaybackLedger();
    audioSent(ledger, "a", "r", 160, 0);
    detachItems(ledger);
    expect(cutPlayback(ledger)[0]?.item.detached).toBe(true);
  });

  test("presumes heard what must have been played, when marks are lost", () => {
    const ledger = createPlaybackLedger();
    audioSent(ledger, "a", "r", 1_000 * MS, 5_000);
    audioComplete(ledger, "a");
    expect(presumeHeard(ledger, 7_499, 1_500)).toEqual([]);
    expect(presumeHeard(ledger, 7_500, 1_500).map((i) => i.itemId)).toEqual([
      "a",
    ]);
  });

  test("comes to the same by the short way for the usual mark", () => {
    const [long, short] = [createPlaybackLedger(), createPlaybackLedger()];
    for (const ledger of [long, short])
      for (const item of ["a", "a", "b"]) audioSent(ledger, item, "r", 160, 0);
    for (const ledger of [long, short]) audioComplete(ledger, "b");
    markReturned(long, "m1");
    expect(plainMarkReturned(short, "m1")).toBe(true);
    expect(short).toEqual(long);
    expect(plainMarkReturned(short, "m3")).toBe(false);
    expect(plainMarkReturned(short, "m2")).toBe(true);
    expect(plainMarkReturned(short, "m3")).toBe(false);
  });

  test("never says more heard than sent, whatever comes in whatever order", () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("send" as const),
        item: fc.constantFrom("a", "b", "c"),
        bytes: fc.integer({ min: 0, max: 4_000 }),
      }),
      fc.record({
        do: fc.constant("mark" as const),
        name: fc.integer({ min: 0, max: 40 }),
      }),
      fc.record({
        do: fc.constant("complete" as const),
        item: fc.constantFrom("a", "b", "c"),
      }),
      fc.record({ do: fc.constant("cut" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = createPlaybackLedger();
        for (const s of steps) {
          if (s.do === "send") audioSent(ledger, s.item, "r", s.bytes, 0);
          else if (s.do === "mark") {
            const name = `m${s.name}`;
            if (!plainMarkReturned(ledger, name)) markReturned(ledger, name);
          } else if (s.do === "complete") audioComplete(ledger, s.item);
          else
            for (const { item, audioEndMs } of cutPlayback(ledger))
              expect(audioEndMs).toBeLessThanOrEqual(item.sentBytes / MS);
          for (const item of ledger.items)
            expect(item.heardBytes).toBeLessThanOrEqual(item.sentBytes);
          expect(unheardMs(ledger)).toBeGreaterThanOrEqual(0);
          expect(ledger.heardBytes).toBeLessThanOrEqual(ledger.sentBytes);
        }
      }),
    );
  });
});
