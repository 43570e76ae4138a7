import type { ChannelKind } from "./document.js";

// RFC 3261 §19.1: a user, a host (a name, an IPv4 or a bracketed IPv6 address), a port, then parameters and headers.
const sipUriPattern =
  /^(sips?):([^@\s;?<>:]+)@([A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?((?:;[^;?\s<>]+)*)(\?[^\s<>]*)?$/i;

/** Whether the text is a SIP or SIPS URI with a user and a host. */
export function isSipUri(text: string): boolean {
  return sipUriPattern.test(text);
}

/**
 * The one spelling under which an address is looked up. A SIP URI loses what differs from call to call (angle brackets,
 * parameters such as `;transport=tcp`, headers), and its scheme and host are put in lower case; the user part keeps its
 * case (RFC 3261 §19.1.4). Anything else is trimmed.
 */
export function normalizeAddress(kind: ChannelKind, address: string): string {
  const text = address.trim();
  if (kind !== "sip") return text;
  const uri = /<([^>]*)>/.exec(text)?.[1] ?? text;
  const match = sipUriPattern.exec(uri);
  if (match === null) return text;
  const [, scheme = "", user = "", host = "", port = ""] = match;
  return `${scheme.toLowerCase()}:${user}@${host.toLowerCase()}${port}`;
}
