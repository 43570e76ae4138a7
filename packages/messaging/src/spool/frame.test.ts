import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { BusRecord } from "../bus/bus.js";
import { encodeFrame, readFrame } from "./frame.js";

const record: fc.Arbitrary<BusRecord> = fc.record({
  topic: fc.string({ minLength: 1 }),
  key: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  value: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(
    fc.stringMatching(/^[a-z][a-z_]{0,11}$/),
    fc.string(),
    {
      noNullPrototype: true,
    },
  ),
});

describe("a record in a spool file", () => {
  test("comes back as it was, one after the other", () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const bytes = Buffer.concat(records.map(encodeFrame));
        let at = 0;
        for (const expected of records) {
          const frame = readFrame(bytes, at);
          if (typeof frame === "string") throw new Error(frame);
          expect({
            ...frame.record,
            value: Buffer.from(frame.record.value),
          }).toEqual(expected);
          at = frame.end;
        }
        expect(readFrame(bytes, at)).toBe("incomplete");
      }),
    );
  });

  test("cut short anywhere, it is never taken for a record", () => {
    fc.assert(
      fc.property(
        record,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (one, part) => {
          const bytes = encodeFrame(one);
          expect(
            readFrame(bytes.subarray(0, Math.floor(bytes.length * part)), 0),
          ).toBe("incomplete");
        },
      ),
    );
  });

  test("with a changed byte, it is never taken for a record", () => {
    fc.assert(
      fc.property(
        record,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (one, at, change) => {
          const bytes = encodeFrame(one);
          const where = at % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(where) ^ change, where);
          expect(typeof readFrame(bytes, 0)).toBe("string");
        },
      ),
    );
  });
});
