import type { Json, JsonObject, OfferedTool } from "./types.js";

/** A value for an argument, or several in order of preference where a schema may allow only some. */
export type Knowledge = Readonly<
  Record<string, Json | { readonly anyOf: readonly Json[] }>
>;

/**
 * Arguments for a tool out of what is known, for exactly the properties that
 * its JSON schema declares. Undefined when it requires something that is not
 * known: a model that made it up would be no better.
 */
export function fitArguments(
  tool: OfferedTool,
  known: Knowledge,
): JsonObject | undefined {
  return fitObject(tool.parameters ?? {}, known);
}

function fitObject(
  schema: Readonly<Record<string, unknown>>,
  known: Knowledge,
): JsonObject | undefined {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required: readonly unknown[] = Array.isArray(schema.required)
    ? schema.required
    : [];
  const fitted: Record<string, Json> = {};
  for (const [name, property] of Object.entries(properties)) {
    const value = fitValue(isRecord(property) ? property : {}, known[name]);
    if (value !== undefined) {
      fitted[name] = value;
    } else if (required.includes(name)) {
      return undefined;
    }
  }
  return fitted;
}

function fitValue(
  schema: Readonly<Record<string, unknown>>,
  known: Knowledge[string] | undefined,
): Json | undefined {
  if (known === undefined) {
    return undefined;
  }
  const candidates = isPreference(known) ? known.anyOf : [known];
  for (const candidate of candidates) {
    const value = conform(schema, candidate);
    if (value !== undefined) {
      return value;
    }
  }
  // Of a closed list, one that means something else is still what the tool expects to be given.
  return isPreference(known) && Array.isArray(schema.enum)
    ? onlyJson(schema.enum[0])
    : undefined;
}

/** The value as the schema wants it, or undefined when it cannot be. */
function conform(
  schema: Readonly<Record<string, unknown>>,
  value: Json,
): Json | undefined {
  if ("const" in schema) {
    return schema.const === value ? value : undefined;
  }
  if (Array.isArray(schema.enum)) {
    return schema.enum.includes(value) ? value : undefined;
  }
  const types = typeof schema.type === "string" ? [schema.type] : schema.type;
  if (!Array.isArray(types)) {
    return value;
  }
  for (const type of types) {
    const conformed = asType(type, schema, value);
    if (conformed !== undefined) {
      return conformed;
    }
  }
  return undefined;
}

function asType(
  type: unknown,
  schema: Readonly<Record<string, unknown>>,
  value: Json,
): Json | undefined {
  switch (type) {
    case "string":
      return typeof value === "string" || typeof value === "number"
        ? String(value)
        : undefined;
    case "number":
      return typeof value === "number" && inRange(schema, value)
        ? value
        : undefined;
    case "integer":
      return Number.isInteger(value) && inRange(schema, Number(value))
        ? value
        : undefined;
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "array":
      return Array.isArray(value) ? value : undefined;
    case "object":
      return isObject(value)
        ? isRecord(schema.properties)
          ? fitObject(schema, value)
          : value
        : undefined;
    default:
      return undefined;
  }
}

function inRange(
  schema: Readonly<Record<string, unknown>>,
  value: number,
): boolean {
  const { minimum, maximum } = schema;
  return (
    (typeof minimum !== "number" || value >= minimum) &&
    (typeof maximum !== "number" || value <= maximum)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return isRecord(value);
}

function isPreference(
  known: Knowledge[string],
): known is { readonly anyOf: readonly Json[] } {
  return isRecord(known) && Array.isArray(known.anyOf);
}

function onlyJson(value: unknown): Json | undefined {
  return typeof value === "string" || typeof value === "number"
    ? value
    : undefined;
}
