import { z } from "zod";
import { list, text, withRules } from "./cel.js";

// The same variables as packages/routing fills in: {name}, {text}, {name|words for when there is none}.
const templateVariable = withRules(z.string().min(1).max(1_024), {
  rule: String.raw`self.matches(r'^([^{}]|\{(name|text)(\|[^{}|]*)?\})*$')`,
  message:
    "may have the variables {name} and {text}, with words for when there is none after a bar, for example {name|friend}",
});

export const template = withRules(
  z.object({
    name: text({
      maxCharacters: 512,
      pattern: "^[a-z0-9_]+$",
      message:
        "must be a template's name: lower-case letters, digits and underscores",
    }).describe("The template's name at Meta."),
    language: text({
      maxCharacters: 64,
      pattern: "^[a-z]{2,3}(_[A-Z]{2,4})?$",
      message:
        "must be a template's language as Meta writes it, for example en or en_US",
    }).describe("The template's language as Meta writes it."),
    parameters: list(templateVariable, 100)
      .min(1)
      .optional()
      .describe(
        "What fills the variables of the template's body, in order: {name} is the person's, {text} what was to be said.",
      ),
    namedParameters: withRules(
      z.record(z.string(), templateVariable).meta({
        minProperties: 1,
        maxProperties: 100,
      }),
      {
        rule: "self.all(name, name.matches('^[a-z0-9_]{1,64}$'))",
        message:
          "must be named as at Meta: 1 to 64 lower-case letters, digits and underscores",
      },
    )
      .optional()
      .describe(
        "What fills the variables of the template's body, by their names.",
      ),
  }),
  {
    rule: "!(has(self.parameters) && has(self.namedParameters))",
    message:
      "takes its variables in order (parameters) or by name (namedParameters), not both",
  },
).describe(
  "The template that reaches people who have not written for 24 hours.",
);
