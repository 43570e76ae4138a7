import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fillTemplateText, isTemplateText } from "./template-text.js";

describe("a template's variable", () => {
  test.each([
    [
      "{name}: {text}",
      { name: "Aline", text: "It is here" },
      "Aline: It is here",
    ],
    ["{name|friend}", {}, "friend"],
    ["{name|friend}", { name: "  " }, "friend"],
    ["{name|friend}", { name: "Aline" }, "Aline"],
    ["{name|}!", {}, "!"],
    ["just this", {}, "just this"],
    ["{name}", {}, undefined],
    ["{text} for {name|you}", { name: "Aline" }, undefined],
    ["{name|}", {}, undefined],
  ])("%j with %j is %j", (text, values, filled) => {
    expect(fillTemplateText(text, values)).toBe(filled);
  });

  test("is filled once: what people write is not read for variables", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (said) => {
        fc.pre(said.trim() !== "");
        expect(fillTemplateText("{text}", { name: "no", text: said })).toBe(
          said.trim(),
        );
      }),
    );
  });

  test("is one of those that there are", () => {
    expect(isTemplateText("{name} and {text|nothing}")).toBe(true);
    for (const text of ["{phone}", "{name", "name}", "{{name}}"])
      expect(isTemplateText(text)).toBe(false);
  });
});
