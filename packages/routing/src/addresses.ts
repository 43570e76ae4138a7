import type { ChannelKind } from "./document.js";

const host = "[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\]";

// RFC 3261 §19.1: a user, a host (a name, an IPv4 or a bracketed IPv6 address), a port, then parameters and headers.
const sipUriPattern = new RegExp(
  `^(sips?):([^@\\s;?<>:]+)@(${host})(:\\d{1,5})?((?:;[^;?\\s<>]+)*)(\\?[^\\s<>]*)?$`,
  "i",
);

// The same without a user: everybody at that host.
const sipTrunkPattern = new RegExp(
  `^(sips?):(${host})(:\\d{1,5})?((?:;[^;?\\s<>]+)*)$`,
  "i",
);

/** Whether the text is a SIP or SIPS URI with a host, and with a user or, for a trunk, without. */
export function isSipAddress(text: string): boolean {
  return sipUriPattern.test(text) || sipTrunkPattern.test(text);
}

/**
 * The one spelling under which an address is looked up. A SIP URI loses what differs from call to call (angle brackets,
 * parameters such as `;transport=tcp`, headers), and its scheme and host are put in lower case; the user part keeps its
 * case (RFC 3261 §19.1.4). Anything else is trimmed.
 */
export function normalizeAddress(kind: ChannelKind, address: string): string {
  const text = address.trim();
  if (kind !== "sip") return text;
  const uri = bareUri(text);
  const match = sipUriPattern.exec(uri);
  if (match === null) return normalizeTrunk(uri) ?? text;
  const [, scheme = "", user = "", host = "", port = ""] = match;
  return `${scheme.toLowerCase()}:${user}@${host.toLowerCase()}${port}`;
}

/** The trunk that a SIP URI comes in by: its scheme, host and port. Undefined when it is no SIP URI. */
export function trunkOf(address: string): string | undefined {
  const uri = bareUri(address.trim());
  const match = sipUriPattern.exec(uri);
  if (match === null) return normalizeTrunk(uri);
  const [, scheme = "", , host = "", port = ""] = match;
  return `${scheme.toLowerCase()}:${host.toLowerCase()}${port}`;
}

function normalizeTrunk(uri: string): string | undefined {
  const match = sipTrunkPattern.exec(uri);
  if (match === null) return undefined;
  const [, scheme = "", host = "", port = ""] = match;
  return `${scheme.toLowerCase()}:${host.toLowerCase()}${port}`;
}

function bareUri(text: string): string {
  return /<([^>]*)>/.exec(text)?.[1] ?? text;
}
