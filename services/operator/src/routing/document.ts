import { createHash } from "node:crypto";

/** A routing document as text, with what tells it from another. */
export interface RoutingText {
  readonly text: string;
  readonly hash: string;
}

/**
 * The document of these entries, one line each: JSON, which is YAML too and which the services read without holding up
 * calls. The same entries in the same order give the same text. Pure.
 */
export function routingText(
  agents: readonly string[],
  channels: readonly string[],
): RoutingText {
  return withHash(
    `{"agents":[\n${agents.join(",\n")}\n],"channels":[\n${channels.join(",\n")}\n]}\n`,
  );
}

/** A text with its hash: SHA-256, in hexadecimal. Pure. */
export function withHash(text: string): RoutingText {
  return { text, hash: createHash("sha256").update(text).digest("hex") };
}

/** The entries of a document that `routingText` made. Pure. */
export function linesOf(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").map((line) => line.replace(/,$/, "")));
}

/** JSON with the keys in order at every depth, so that equal values are equal text. Pure. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isPlainObject(inner)
      ? Object.fromEntries(
          Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  );
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
