import { describe, expect, test } from "@jest/globals";
import { compile, endsAt, firstWords, matchAt } from "./pattern.js";

const sets = { me: "me us", det: "the all your" };
const words = (text: string) => text.split(" ");

describe("a pattern", () => {
  test.each([
    ["stop calling {me}", "stop calling us now", 3],
    ["stop (calling|texting) {me}?", "stop texting", 2],
    ["stop {det}* calls", "stop all your the calls please", 5],
    ["stop {det}* the calls", "stop all the calls", 4],
    ["stop {det}* calls", "stop calls", 2],
    ["stop {me}? {me}? {me}", "stop me", 2],
  ])("%s matches %s up to its longest end", (source, text, end) => {
    expect(matchAt(compile(source, sets), words(text), 0)).toBe(end);
  });

  test.each([
    ["stop calling {me}", "stop calling them"],
    ["stop {me}", "stop"],
    ["stop {det}* calls", `stop ${"the ".repeat(7)}calls`],
    ["stop", "unstop"],
  ])("%s does not match %s", (source, text) => {
    expect(matchAt(compile(source, sets), words(text), 0)).toBeUndefined();
  });

  test("is found where it ends, within reach", () => {
    const pattern = compile("dont (ever|please)* ", sets);
    expect(endsAt(pattern, words("you dont ever please stop"), 4, 8)).toBe(
      true,
    );
    expect(endsAt(pattern, words("you dont ever please stop"), 4, 2)).toBe(
      false,
    );
    expect(endsAt(pattern, words("you dont really stop"), 3, 8)).toBe(false);
  });

  test("says what it can begin with", () => {
    expect([...firstWords(compile("{me} stop", sets))]).toEqual(["me", "us"]);
    expect(() => firstWords(compile("{me}? stop", sets))).toThrow(
      "begins with something that must be there",
    );
  });

  test.each(["{nobody} calls", "(a||b)", "what??", "()", "{me", "a(b)"])(
    "that is badly written is refused: %s",
    (source) => {
      expect(() => compile(source, sets)).toThrow("not a pattern");
    },
  );
});
