import { randomBytes } from "node:crypto";

/** A name that nothing else has: for topics, groups, prefixes. */
export function randomName(prefix = "test"): string {
  return `${prefix}-${randomBytes(6).toString("hex")}`;
}
