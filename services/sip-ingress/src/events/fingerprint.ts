import { hash } from "node:crypto";
import type { Json } from "./sip-event.js";

/** JSON with sorted keys and no spaces: the same for the same value, however it was written. */
export function canonicalJson(value: Json): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  for (const key of sortedKeys(value)) {
    const inner = value[key];
    if (inner === undefined) continue;
    members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${members}}`;
}

/** By code units, as arrays of strings are sorted; nearly all are in order as they come. */
function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let at = 1; at < keys.length; at++)
    if ((keys[at - 1] ?? "") > (keys[at] ?? "")) return keys.sort();
  return keys;
}

/** What two bodies are compared by, of their canonical JSON. */
export function digestOf(canonical: string): string {
  return hash("sha256", canonical, "base64url");
}
