import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import twilio from "twilio";

export interface SignatureSettings {
  readonly authToken: string | undefined;
  readonly publicUrl: URL;
}

/**
 * `X-Twilio-Signature` of a webhook: HMAC-SHA1 over the public address, with
 * its query, and the form's fields.
 * Source: https://www.twilio.com/docs/usage/security#validating-requests
 */
export function isSignedWebhook(
  settings: SignatureSettings,
  request: { readonly path: string; readonly signature: string | undefined },
  form: Readonly<Record<string, string>>,
): boolean {
  const { authToken, publicUrl } = settings;
  if (authToken === undefined || request.signature === undefined) return false;
  return twilio.validateRequest(
    authToken,
    request.signature,
    publicAddress(publicUrl, request.path),
    form,
  );
}

/** The same for a socket's upgrade: over the `wss://` address, without fields. */
export function isSignedUpgrade(
  settings: SignatureSettings,
  request: IncomingMessage,
): boolean {
  const { authToken, publicUrl } = settings;
  const signature = request.headers["x-twilio-signature"];
  if (authToken === undefined || typeof signature !== "string") return false;
  const address = publicAddress(publicUrl, request.url ?? "/").replace(
    /^https?:/,
    "",
  );
  return ["wss:", "ws:"].some((scheme) =>
    twilio.validateRequest(authToken, signature, `${scheme}${address}`, {}),
  );
}

/** `Authorization: Bearer …`, compared in constant time. */
export function hasBearer(
  request: IncomingMessage,
  token: string | undefined,
): boolean {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "");
  if (token === undefined || given?.[1] === undefined) return false;
  return timingSafeEqual(digest(given[1]), digest(token));
}

/** `path` (with its query) below the address that the outside world uses. */
export function publicAddress(publicUrl: URL, path: string): string {
  return `${publicUrl.href.replace(/\/$/, "")}${path}`;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
