import { randomFillSync } from "node:crypto";

/** The caller speaks to the model: inbound; the model to the caller: outbound. */
export type Direction = "inbound" | "outbound";

/** What the load generator finds in a piece of audio that has come through. */
export interface PayloadHead {
  direction: Direction;
  callIndex: number;
  sequence: number;
  /** Microseconds that it was on its way. */
  ageUs: number;
}

const DIGITS = Buffer.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
);
const VALUE = new Int16Array(256).fill(-1);
for (const [value, digit] of DIGITS.entries()) VALUE[digit] = value;

const DIRECTION_AT = 0;
const CALL = { at: 1, digits: 4 };
const SEQUENCE = { at: 5, digits: 5 };
const TIME = { at: 10, digits: 5 };
const HEAD_CHARACTERS = 15;
/** Times are kept modulo 2^30 microseconds, which is 17 minutes. */
const TIME_MASK = 2 ** 30 - 1;
const BODIES = 32;

/**
 * Pieces of audio as base64 text that can be told apart: the first characters
 * hold the direction, the call, a sequence number and the time of sending; the
 * rest is random and known, so that every byte is checked on arrival.
 */
export class PayloadStock {
  /** Characters of base64 text; what `write` writes. */
  readonly characters: number;
  readonly #bodies: readonly Buffer[];

  constructor(audioBytes: number) {
    this.#bodies = Array.from({ length: BODIES }, () =>
      Buffer.from(randomFillSync(Buffer.alloc(audioBytes)).toString("base64")),
    );
    this.characters = this.#bodies[0]?.length ?? 0;
  }

  write(
    target: Buffer,
    at: number,
    direction: Direction,
    callIndex: number,
    sequence: number,
    nowUs: number,
  ): void {
    this.#body(callIndex, sequence).copy(target, at);
    target[at + DIRECTION_AT] = digit(direction === "inbound" ? 0 : 1);
    writeNumber(target, at + CALL.at, CALL.digits, callIndex);
    writeNumber(target, at + SEQUENCE.at, SEQUENCE.digits, sequence);
    writeNumber(target, at + TIME.at, TIME.digits, nowUs & TIME_MASK);
  }

  /** Reads what stands in `message[start, end)`; false when a byte is not as it was sent. */
  read(
    message: Buffer,
    start: number,
    end: number,
    nowUs: number,
    out: PayloadHead,
  ): boolean {
    if (end - start !== this.characters) return false;
    const direction = VALUE[message[start + DIRECTION_AT] ?? 0];
    const callIndex = readNumber(message, start + CALL.at, CALL.digits);
    const sequence = readNumber(message, start + SEQUENCE.at, SEQUENCE.digits);
    const sentUs = readNumber(message, start + TIME.at, TIME.digits);
    if (callIndex < 0 || sequence < 0 || sentUs < 0) return false;
    if (direction !== 0 && direction !== 1) return false;
    out.direction = direction === 0 ? "inbound" : "outbound";
    out.callIndex = callIndex;
    out.sequence = sequence;
    out.ageUs = ((nowUs & TIME_MASK) - sentUs) & TIME_MASK;
    return (
      this.#body(callIndex, sequence).compare(
        message,
        start + HEAD_CHARACTERS,
        end,
        HEAD_CHARACTERS,
      ) === 0
    );
  }

  #body(callIndex: number, sequence: number): Buffer {
    const body = this.#bodies[(callIndex * 7 + sequence) % BODIES];
    if (body === undefined) throw new Error("the stock is empty");
    return body;
  }
}

function digit(value: number): number {
  return DIGITS[value & 63] ?? 0;
}

function writeNumber(
  target: Buffer,
  at: number,
  digits: number,
  value: number,
): void {
  for (let i = digits - 1, rest = value; i >= 0; i--, rest >>>= 6)
    target[at + i] = digit(rest);
}

/** Negative when a character is no base64 digit. */
function readNumber(message: Buffer, at: number, digits: number): number {
  let number = 0;
  for (let i = 0; i < digits; i++) {
    const value = VALUE[message[at + i] ?? 0] ?? -1;
    if (value < 0) return -1;
    number = number * 64 + value;
  }
  return number;
}
