import { parse } from "yaml";
import { z } from "zod";

/** One value of a chart: where it stands, what it is for, what it is by default. */
export interface Field {
  /** Keys from the top. */
  readonly path: readonly string[];
  /** From the lines `# -- …` above it. */
  readonly description: string;
  readonly byDefault: unknown;
  /** JSON Schema from the line `# @schema {…}` above it, over what the default tells. */
  readonly schema: JsonSchema;
}

/** A map of further values, which is described by what is in it. */
export interface Section {
  readonly path: readonly string[];
  readonly children: readonly (Field | Section)[];
}

const jsonSchema = z.record(z.string(), z.unknown());
export type JsonSchema = z.infer<typeof jsonSchema>;
const map = z.record(z.string(), z.unknown());

const KEY = /^( *)([\w.-]+):/;
const COMMENT = /^( *)# ?(.*)$/;

/** A values.yaml that does not tell what a value is for. */
export class ValuesError extends Error {
  override readonly name = "ValuesError";
}

/** Reads a values.yaml with its comments. Throws ValuesError where a value has none. */
export function readValues(text: string): Section {
  const comments = commentsByPath(text);
  return section([], parse(text), comments);
}

function section(
  path: readonly string[],
  value: unknown,
  comments: ReadonlyMap<string, Comment>,
): Section {
  const children = Object.entries(map.parse(value)).map(([key, child]) => {
    const at = [...path, key];
    const comment = comments.get(at.join("."));
    if (comment !== undefined)
      return { path: at, byDefault: child, ...comment };
    if (!map.safeParse(child).success)
      throw new ValuesError(`${at.join(".")} has no line "# -- …" above it`);
    return section(at, child, comments);
  });
  return { path, children };
}

interface Comment {
  readonly description: string;
  readonly schema: JsonSchema;
}

function commentsByPath(text: string): Map<string, Comment> {
  const found = new Map<string, Comment>();
  const path: { key: string; indent: number }[] = [];
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    const comment = COMMENT.exec(line);
    if (comment !== null) {
      lines.push(comment[2] ?? "");
      continue;
    }
    const key = KEY.exec(line);
    if (key !== null) {
      const indent = key[1]?.length ?? 0;
      while ((path.at(-1)?.indent ?? -1) >= indent) path.pop();
      path.push({ key: key[2] ?? "", indent });
      const read = readComment(lines);
      if (read !== undefined)
        found.set(path.map((part) => part.key).join("."), read);
    }
    lines = [];
  }
  return found;
}

function readComment(lines: readonly string[]): Comment | undefined {
  const first = lines.findIndex((line) => line.startsWith("-- "));
  if (first === -1) return undefined;
  const schemaAt = lines.findIndex((line) => line.startsWith("@schema "));
  const last = schemaAt === -1 ? lines.length : schemaAt;
  const description = [
    (lines[first] ?? "").slice(3),
    ...lines.slice(first + 1, last),
  ].join(" ");
  const hint = lines[schemaAt]?.slice("@schema ".length);
  return {
    description,
    schema: hint === undefined ? {} : jsonSchema.parse(JSON.parse(hint)),
  };
}
