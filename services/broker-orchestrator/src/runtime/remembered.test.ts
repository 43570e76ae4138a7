import { describe, expect, test } from "@jest/globals";
import { newConversation } from "../conversation/state.js";
import { Remembered } from "./remembered.js";
import { Slot } from "./slots.js";

function slotOf(key: string): Slot {
  const slot = new Slot(key, undefined);
  slot.state = newConversation("t", {}, key, "2026-01-01T00:00:00Z");
  return slot;
}

function written(remembered: Remembered, key: string, value: string): void {
  remembered.written(slotOf(key), { version: `of ${key}`, value });
}

describe("what is remembered of conversations", () => {
  test("is the last of each, and gone when it is forgotten", () => {
    const remembered = new Remembered({ conversations: 9, characters: 99 });
    written(remembered, "a", "1");
    expect(remembered.get("a")?.version).toBe("of a");
    expect(remembered.forget(slotOf("a"))).toBe(true);
    expect(remembered.get("a")).toBeUndefined();
    expect(remembered.forget(slotOf("a"))).toBe(false);
  });

  test("are so many, those that were written last", () => {
    const remembered = new Remembered({ conversations: 2, characters: 99 });
    for (const key of ["a", "b", "a", "c"]) written(remembered, key, "1");
    expect(remembered.get("a")).toBeDefined();
    expect(remembered.get("b")).toBeUndefined();
    expect(remembered.get("c")).toBeDefined();
  });

  test("takes so much memory, however large each is", () => {
    const remembered = new Remembered({ conversations: 99, characters: 10 });
    for (const key of ["a", "b", "c"]) written(remembered, key, "12345");
    expect(remembered.get("a")).toBeUndefined();
    expect(remembered.get("c")).toBeDefined();
    written(remembered, "c", "x".repeat(11));
    for (const key of ["a", "b", "c"])
      expect(remembered.get(key)).toBeUndefined();
    written(remembered, "d", "1234567890");
    expect(remembered.get("d")).toBeDefined();
  });
});
