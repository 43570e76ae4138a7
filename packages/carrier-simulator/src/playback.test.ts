import { describe, expect, test } from "@jest/globals";
import { Playback } from "./playback.js";

const frame = (byte: number) => Buffer.alloc(160, byte);

describe("what a caller hears", () => {
  test("is the audio in order, one frame a period, whatever pieces it came in", () => {
    const playback = new Playback();
    playback.enqueue(Buffer.concat([frame(1), frame(2).subarray(0, 60)]));
    playback.enqueue(Buffer.concat([frame(2).subarray(60), frame(3)]));
    expect(playback.play().audio).toEqual(frame(1));
    expect(playback.play().audio).toEqual(frame(2));
    expect(playback.play().audio).toEqual(frame(3));
    expect(playback.play().audio).toHaveLength(0);
  });

  test("is what there is of a frame when there is no more", () => {
    const playback = new Playback();
    playback.enqueue(Buffer.alloc(10, 7));
    expect(playback.play().audio).toEqual(Buffer.alloc(10, 7));
    expect(playback.bufferedBytes).toBe(0);
  });
});

describe("a mark", () => {
  test("is reached when everything before it has been played, not earlier", () => {
    const playback = new Playback();
    playback.enqueue(Buffer.concat([frame(1), frame(2)]));
    expect(playback.mark("a")).toBe(false);
    playback.enqueue(frame(3));
    expect(playback.mark("b")).toBe(false);
    expect(playback.play().marks).toEqual([]);
    expect(playback.play().marks).toEqual(["a"]);
    expect(playback.play().marks).toEqual(["b"]);
  });

  test("in the middle of a frame is reached with that frame", () => {
    const playback = new Playback();
    playback.enqueue(Buffer.alloc(100));
    playback.mark("a");
    playback.enqueue(Buffer.alloc(100));
    playback.mark("b");
    expect(playback.play().marks).toEqual(["a"]);
    expect(playback.play().marks).toEqual(["b"]);
  });

  test("is reached at once when nothing is buffered", () => {
    const playback = new Playback();
    expect(playback.mark("a")).toBe(true);
    expect(playback.play().marks).toEqual([]);
  });
});

describe("clear", () => {
  test("drops the rest and gives back its marks in order", () => {
    const playback = new Playback();
    playback.enqueue(Buffer.concat([frame(1), frame(2), frame(3)]));
    playback.mark("a");
    playback.mark("b");
    playback.play();
    expect(playback.clear()).toEqual({
      discardedBytes: 320,
      marks: ["a", "b"],
    });
    expect(playback.play()).toEqual({ audio: Buffer.alloc(0), marks: [] });
  });

  test("does not harm what is sent after it", () => {
    const playback = new Playback();
    playback.enqueue(frame(1));
    playback.mark("old");
    playback.clear();
    playback.enqueue(frame(2));
    playback.mark("new");
    expect(playback.play()).toEqual({ audio: frame(2), marks: ["new"] });
  });
});
