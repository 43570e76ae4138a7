import { createHash } from "node:crypto";
import type { z } from "zod";

type Json = z.core.util.JSONType;

/** JSON with sorted keys and no spaces: the same for the same value, however it was written. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`);
  return `{${members.join(",")}}`;
}

/** What two bodies are compared by. */
export function fingerprintOf(value: Json): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url");
}
