import { z } from "zod";
import { isSameSecret } from "./signature.js";

const query = z.object({
  "hub.mode": z.literal("subscribe"),
  "hub.verify_token": z.string(),
  "hub.challenge": z.string().max(1_024),
});

/** The challenge to answer Meta's verification with; undefined when it is not Meta, or another token. Pure. */
export function challengeOf(
  given: unknown,
  verifyToken: string,
): string | undefined {
  const parsed = query.safeParse(given);
  if (!parsed.success) return undefined;
  return isSameSecret(parsed.data["hub.verify_token"], verifyToken)
    ? parsed.data["hub.challenge"]
    : undefined;
}
