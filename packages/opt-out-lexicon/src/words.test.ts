import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { wordsOf } from "./words.js";

describe("the words of a message", () => {
  test.each([
    ["Arrêtez-VOUS, s'il vous plaît !", "arretez vous sil vous plait"],
    ["Don’t call  me\n\tagain…", "dont call me again"],
    ["do not / cannot / any more", "dont cant anymore"],
    ["S.T.O.P. now", "stop now"],
    ["don t   m appelez", "dont mappelez"],
    ["um, stop — uh — it", "stop it"],
    ["no no no stop", "no stop"],
    ["stoooooop!!!", "stop"],
    ["u call ur msgs plz", "you call your messages please"],
    ["9️⃣ 1234", "9 1234"],
    ["cœur Ｆｕｌｌ ﬁn İ", "coeur full fin i"],
    ["st\u00adop st\u200dop", "stop"],
    ["🛑🙏🏽🇷🇼", ""],
    ["", ""],
  ])("of %j are %j", (text, words) => {
    expect(wordsOf(text).join(" ")).toBe(words);
  });

  test("are plain: lower case, without marks or spaces, never empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        for (const word of wordsOf(text)) {
          expect(word).toMatch(/^[\p{L}\p{N}]+$/u);
          expect(word).toBe(word.toLowerCase());
        }
      }),
      { numRuns: 500 },
    );
  });
});
