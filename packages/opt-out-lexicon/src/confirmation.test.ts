import { describe, expect, test } from "@jest/globals";
import { optInConfirmation, optOutConfirmation } from "./confirmation.js";
import { detectOptIn, detectOptOut } from "./detect.js";
import { languageOf, languages } from "./language.js";

describe("a confirmation", () => {
  test("is one short sentence, another one in each language", () => {
    for (const confirmation of [optOutConfirmation, optInConfirmation]) {
      const sentences = languages.map((language) => confirmation(language));
      expect(new Set(sentences).size).toBe(languages.length);
      for (const sentence of sentences) {
        expect(sentence).toMatch(/^\p{Lu}[^.!?]{20,100}\.$/u);
      }
    }
  });

  test("is in the language of a tag, and in English for a language that is not spoken here", () => {
    expect(optOutConfirmation("rw-RW")).toBe(optOutConfirmation("rw"));
    expect(optOutConfirmation("FR")).toBe(optOutConfirmation("fr"));
    expect(optOutConfirmation("sw_KE")).toBe(optOutConfirmation("sw"));
    for (const tag of ["de", "", "english", "frr"]) {
      expect(optOutConfirmation(tag)).toBe(optOutConfirmation("en"));
      expect(languageOf(tag)).toBeUndefined();
    }
  });

  test("is not itself taken for a request when the agent's words are transcribed", () => {
    for (const language of languages) {
      for (const sentence of [
        optOutConfirmation(language),
        optInConfirmation(language),
      ]) {
        expect(detectOptOut(sentence)).toBeUndefined();
        expect(detectOptIn(sentence)).toBeUndefined();
      }
    }
  });
});
