import type { z } from "zod";
import { listValues, ProtocolError } from "./errors.js";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Parses what came off the wire.
 *
 * @throws ProtocolError with the code, the message and the `param` that the
 * real service gives: `unknown_parameter`, `missing_required_parameter`,
 * `invalid_type`, `invalid_value`, or one of the limits.
 */
export function parseParameters<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  throw toProtocolError(mostTelling(result.error.issues), value);
}

/** `session.tools[2].name` */
function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[${key}]`
        : text === ""
          ? String(key)
          : `${text}.${String(key)}`,
    "",
  );
}

/** A parameter that nobody knows is named before what is missing: it is usually the misspelling of it. */
function mostTelling(issues: readonly Issue[]): Issue | undefined {
  return (
    issues.find((issue) => issue.code === "unrecognized_keys") ?? issues[0]
  );
}

function toProtocolError(
  issue: Issue | undefined,
  root: unknown,
): ProtocolError {
  if (!issue) {
    return new ProtocolError(null, "The event is not valid.");
  }
  if (issue.code === "unrecognized_keys") {
    const param = formatPath([...issue.path, issue.keys[0] ?? ""]);
    return new ProtocolError(
      "unknown_parameter",
      `Unknown parameter: '${param}'.`,
      param,
    );
  }
  const param = formatPath(issue.path);
  const value = valueAt(root, issue.path);
  if (value === undefined) {
    return new ProtocolError(
      "missing_required_parameter",
      `Missing required parameter: '${param}'.`,
      param,
    );
  }
  if (issue.code === "invalid_union") {
    return unionError(issue, value, param, root);
  }
  return valueError(issue, value, param);
}

/** Of the branches of a union, the one that understood most of the value says what is wrong with it. */
function unionError(
  issue: z.core.$ZodIssueInvalidUnion,
  value: unknown,
  param: string,
  root: unknown,
): ProtocolError {
  const deepest = issue.errors
    .flat()
    .filter((inner) => inner.path.length > 0 || inner.code !== "invalid_type")
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (deepest) {
    const path = [...issue.path, ...deepest.path];
    return toProtocolError({ ...deepest, path }, root);
  }
  return new ProtocolError(
    "invalid_value",
    `Invalid value: '${describe(value)}'.`,
    param,
  );
}

function valueError(
  issue: Issue,
  value: unknown,
  param: string,
): ProtocolError {
  switch (issue.code) {
    case "invalid_type":
      return new ProtocolError(
        "invalid_type",
        `Invalid type for '${param}': expected ${article(issue.expected)}, but got ${article(typeName(value))} instead.`,
        param,
      );
    case "invalid_value":
      return new ProtocolError(
        "invalid_value",
        `Invalid value: '${describe(value)}'. Supported values are: ${listValues(issue.values.map(String))}.`,
        param,
      );
    case "too_small":
      return new ProtocolError(
        `${kindOf(issue.origin, param)}_below_min_value`,
        `Invalid '${param}': expected a value >= ${String(issue.minimum)}, but got ${describe(value)} instead.`,
        param,
      );
    case "too_big":
      return new ProtocolError(
        `${kindOf(issue.origin, param)}_above_max_value`,
        `Invalid '${param}': expected a value <= ${String(issue.maximum)}, but got ${describe(value)} instead.`,
        param,
      );
    default:
      return new ProtocolError(
        "invalid_value",
        issue.message || `Invalid value: '${describe(value)}'.`,
        param,
      );
  }
}

/** Whole numbers in the protocol are those of milliseconds, tokens and positions. */
function kindOf(origin: string, param: string): string {
  if (origin !== "number") {
    return origin;
  }
  return /_(?:ms|tokens|index)$/.test(param) ? "integer" : "decimal";
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? Reflect.get(value, key)
        : undefined,
    root,
  );
}

function typeName(value: unknown): string {
  if (value === null) {
    return "null";
  }
  return Array.isArray(value) ? "array" : typeof value;
}

function article(type: string): string {
  if (type === "null") {
    return type;
  }
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

function describe(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
