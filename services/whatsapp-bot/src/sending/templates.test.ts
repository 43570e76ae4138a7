import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { fallbackTemplate, templateOf } from "./templates.js";

const fallback = { name: "news", language: "en" };

describe("a fallback template", () => {
  test("without variables is sent as it is", () => {
    expect(fallbackTemplate(fallback, { text: "hi" })).toEqual({
      name: "news",
      language: { code: "en" },
    });
  });

  test("with variables by name says which is which", () => {
    expect(
      fallbackTemplate(
        { ...fallback, parameters: { who: "{name|friend}", what: "{text}" } },
        { text: "Your part is here" },
      )?.components,
    ).toEqual([
      {
        type: "body",
        parameters: [
          { type: "text", parameter_name: "who", text: "friend" },
          { type: "text", parameter_name: "what", text: "Your part is here" },
        ],
      },
    ]);
  });

  test("is none when there is nothing to say", () => {
    const template = { ...fallback, parameters: ["{text}"] };
    for (const text of [undefined, "", " \n\t"])
      expect(fallbackTemplate(template, { text })).toBeUndefined();
  });

  test("has of whatever is said one short line that Meta takes", () => {
    const template = { ...fallback, parameters: ["{name|you}", "{text|news}"] };
    const anything = fc.string({ unit: "binary", maxLength: 800 });
    fc.assert(
      fc.property(anything, anything, (name, text) => {
        const said = fallbackTemplate(template, { name, text });
        const [body] = said?.components ?? [];
        const { parameters } = body ?? {};
        expect(parameters).toHaveLength(2);
        const sent = JSON.stringify(parameters);
        expect(sent.length).toBeLessThan(5_000);
        expect(sent).not.toMatch(/\\n|\\t| {2}/);
        expect(sent).not.toContain('"text":""');
      }),
      { numRuns: 50 },
    );
  });
});

test("a template that was asked for without variables has no components of ours", () => {
  expect(templateOf({ name: "hello", language: "en_US" })).toEqual({
    name: "hello",
    language: { code: "en_US" },
  });
});
