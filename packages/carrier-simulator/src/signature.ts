import { createHmac } from "node:crypto";

/**
 * Twilio's request signature: HMAC-SHA1 with the account's auth token over the
 * full address followed by the POST parameters, sorted by name and joined
 * without separators. A WebSocket upgrade is signed over its `wss://` address
 * alone. (twilio.com/docs/usage/security#validating-requests)
 */
export function signRequest(
  authToken: string,
  url: string,
  parameters: Readonly<Record<string, string>> = {},
): string {
  let signed = url;
  for (const name of Object.keys(parameters).sort()) {
    signed += name + (parameters[name] ?? "");
  }
  return createHmac("sha1", authToken).update(signed).digest("base64");
}
