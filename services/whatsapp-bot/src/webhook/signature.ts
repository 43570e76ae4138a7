import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i;

/**
 * Whether Meta signed these bytes: HMAC-SHA256 under the app secret, in hex.
 * Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started (Validating Payloads)
 */
export function isSignedByMeta(
  body: Buffer,
  header: string | undefined,
  appSecret: string,
): boolean {
  const given = SIGNATURE.exec(header ?? "")?.[1];
  if (given === undefined) return false;
  const expected = createHmac("sha256", appSecret).update(body).digest();
  return timingSafeEqual(Buffer.from(given, "hex"), expected);
}

/** Whether two texts are the same, in a time that tells nothing about where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer =>
    createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
