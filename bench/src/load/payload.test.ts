import { describe, expect, test } from "@jest/globals";
import { PayloadStock, type PayloadHead } from "./payload.js";

const stock = new PayloadStock(160);
const head: PayloadHead = {
  direction: "inbound",
  callIndex: 0,
  sequence: 0,
  ageUs: 0,
};

function written(): Buffer {
  const message = Buffer.alloc(stock.characters + 4, "x");
  stock.write(message, 2, "outbound", 4_711, 1_000_000, 2 ** 30 - 5);
  return message;
}

describe("the audio of the load generator", () => {
  test("is base64 of the length that was asked for", () => {
    const text = written().toString("latin1", 2, 2 + stock.characters);
    const audio = Buffer.from(text, "base64");
    expect(audio).toHaveLength(160);
    expect(audio.toString("base64").slice(0, -3)).toBe(text.slice(0, -3));
  });

  test("tells its call, its number, and its age, also over the turn of the clock", () => {
    const message = written();
    const end = 2 + stock.characters;
    expect(stock.read(message, 2, end, 2 ** 30 + 10, head)).toBe(true);
    expect(head).toEqual({
      direction: "outbound",
      callIndex: 4_711,
      sequence: 1_000_000,
      ageUs: 15,
    });
  });

  test("is not taken for whole when one byte of it is another, or missing", () => {
    const message = written();
    const end = 2 + stock.characters;
    expect(stock.read(message, 2, end - 1, 0, head)).toBe(false);
    for (const at of [30, 100, end - 3]) {
      const changed = Buffer.from(message);
      changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
      expect(stock.read(changed, 2, end, 0, head)).toBe(false);
    }
  });
});
