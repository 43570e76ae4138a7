import type { Field, JsonSchema, Section } from "./values-file.js";

/**
 * The values.schema.json of a chart: what each value may be, told by its
 * default and by its comment; unknown keys are refused. `added` are keys that
 * are not in values.yaml and yet may be there.
 */
export function schemaOf(
  values: Section,
  added: Readonly<Record<string, JsonSchema>>,
): JsonSchema {
  const root = objectOf(values);
  const properties = { ...added, ...root.properties };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Made by `pnpm --filter @easymo/charts generate` from values.yaml",
    ...root,
    properties,
  };
}

interface ObjectSchema extends JsonSchema {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly properties: Record<string, JsonSchema>;
}

function objectOf(section: Section): ObjectSchema {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(
      section.children.map((child) => [
        child.path.at(-1) ?? "",
        "children" in child ? objectOf(child) : fieldOf(child),
      ]),
    ),
  };
}

function fieldOf({ description, byDefault, schema }: Field): JsonSchema {
  return { description, ...typeOf(byDefault), ...schema };
}

function typeOf(value: unknown): JsonSchema {
  if (Array.isArray(value)) return { type: "array" };
  switch (typeof value) {
    case "string":
      return { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "number":
      return { type: Number.isInteger(value) ? "integer" : "number" };
    case "object":
      return value === null ? {} : { type: "object" };
    default:
      return {};
  }
}
