import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { parseParty } from "./party.js";

test("a number that is nothing else is read as one that is looked for in a text", () => {
  const digits = fc
    .array(fc.integer({ min: 0, max: 9 }), { maxLength: 17 })
    .map((list) => list.join(""));
  const number = fc
    .tuple(
      fc.constantFrom("+", "", "+250", "+25078", "+1", "+44", "+800", "+00"),
      digits,
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      number,
      fc.constantFrom(undefined, "RW" as const),
      (text, defaultCountry) => {
        const looked = parsePhoneNumberFromString(
          text,
          defaultCountry === undefined ? {} : { defaultCountry },
        );
        expect(parseParty(text, defaultCountry)?.phone).toBe(
          looked?.isPossible() === true ? looked.number : undefined,
        );
      },
    ),
    { numRuns: 1_000 },
  );
});
