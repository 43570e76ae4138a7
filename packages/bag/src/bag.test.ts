import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { Bag, type Bagged } from "./bag.js";

test("holds what was put in and not taken out, whatever the order", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat())), (steps) => {
      const bag = new Bag<number>();
      const inside: Bagged<number>[] = [];
      for (const [value, step] of steps.entries()) {
        const [taken] =
          step === null ? [] : inside.splice(step % (inside.length || 1), 1);
        if (taken === undefined) inside.push(bag.add(value));
        else bag.remove(taken);
      }
      expect(bag.size).toBe(inside.length);
      expect(bag.values().sort()).toEqual(
        inside.map(({ value }) => value).sort(),
      );
    }),
  );
});
