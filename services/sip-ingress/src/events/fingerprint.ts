import { hash } from "node:crypto";
import type { Json } from "./sip-event.js";

/** JSON with sorted keys and no spaces: the same for the same value, however it was written. */
export function canonicalJson(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  // By code units, as arrays of strings are sorted.
  for (const key of Object.keys(value).sort()) {
    const inner = value[key];
    if (inner === undefined) continue;
    members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${members}}`;
}

/** What two bodies are compared by, of their canonical JSON. */
export function digestOf(canonical: string): string {
  return hash("sha256", canonical, "base64url");
}
