import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import twilio from "twilio";

export interface SignatureSettings {
  /** Of every account that may call; what none of them signed is refused. */
  readonly authTokens: readonly string[];
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
  const { authTokens, publicUrl } = settings;
  const { path, signature } = request;
  if (signature === undefined) return false;
  const address = publicAddress(publicUrl, path);
  return authTokens.some((token) =>
    twilio.validateRequest(token, signature, address, form),
  );
}

/** The same for a socket's upgrade: over the `wss://` address, without fields. */
export function isSignedUpgrade(
  settings: SignatureSettings,
  request: IncomingMessage,
): boolean {
  const { authTokens, publicUrl } = settings;
  const signature = request.headers["x-twilio-signature"];
  if (typeof signature !== "string") return false;
  const address = publicAddress(publicUrl, request.url ?? "/").replace(
    /^https?:/,
    "",
  );
  // Only an address without TLS, as in development, has a socket without it.
  const schemes = publicUrl.protocol === "https:" ? ["wss:"] : ["wss:", "ws:"];
  return authTokens.some((token) =>
    schemes.some((scheme) =>
      twilio.validateRequest(token, signature, `${scheme}${address}`, {}),
    ),
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
