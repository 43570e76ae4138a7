import { randomBytes } from "node:crypto";

/** The two-letter prefixes of the things that the simulator makes. */
export type SidPrefix = "CA" | "MZ" | "AC";

/** A fresh Twilio-shaped identifier: prefix and 32 hexadecimal digits. */
export function newSid(prefix: SidPrefix): string {
  return prefix + randomBytes(16).toString("hex");
}
