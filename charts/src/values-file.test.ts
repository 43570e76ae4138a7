import { describe, expect, test } from "@jest/globals";
import { schemaOf } from "./schema.js";
import { readmeOf } from "./readme.js";
import { readValues, ValuesError } from "./values-file.js";

const VALUES = `# About the file.

image:
  # -- Where it comes from
  registry: docker.io
# -- How many,
# in whole pods
# @schema {"minimum": 1}
replicas: 2
# -- Further labels
# @schema {"additionalProperties": {"type": "string"}}
labels:
  free: form
`;

describe("reading what values are for from their comments", () => {
  test("gives the schema, with unknown keys refused", () => {
    expect(
      schemaOf(readValues(VALUES), { enabled: { type: "boolean" } }),
    ).toMatchObject({
      additionalProperties: false,
      properties: {
        enabled: { type: "boolean" },
        image: {
          additionalProperties: false,
          properties: { registry: { type: "string" } },
        },
        replicas: {
          type: "integer",
          minimum: 1,
          description: "How many, in whole pods",
        },
        labels: { type: "object", additionalProperties: { type: "string" } },
      },
    });
  });

  test("gives the table of the README", () => {
    const readme = readmeOf(
      {
        name: "x",
        description: "An example.",
        dependencies: [{ name: "common" }, { name: "a-b", alias: "aB" }],
      },
      readValues(VALUES),
    );
    expect(readme).toContain(
      '| `image.registry` | `"docker.io"` | Where it comes from |',
    );
    expect(readme).toContain("| `replicas` | `2` | How many, in whole pods |");
    expect(readme).toContain("- `aB`: a-b");
    expect(readme).not.toContain("common");
  });

  test("refuses a value that nobody described", () => {
    expect(() => readValues("a:\n  b: 1\n")).toThrow(ValuesError);
    expect(() => readValues("a:\n  b: 1\n")).toThrow(
      'a.b has no line "# -- …" above it',
    );
  });
});
