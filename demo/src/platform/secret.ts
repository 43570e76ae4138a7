import { randomBytes } from "node:crypto";

/** A secret of this run alone. */
export function newSecret(): string {
  return randomBytes(24).toString("base64url");
}
