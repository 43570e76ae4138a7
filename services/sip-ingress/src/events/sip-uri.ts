import { isIPv6 } from "node:net";

/** A SIP address, without what differs from call to call (parameters, headers, a password). */
export interface SipUri {
  readonly scheme: "sip" | "sips";
  /** As it was written, %-escapes included; undefined in `sip:example.com`. */
  readonly user: string | undefined;
  /** In lower case; an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

// RFC 3261 §25.1: unreserved, user-unreserved and escaped. Each character matches one alternative only.
const USER = /^(?:[\w.!~*'()&=+$,;?/-]|%[0-9A-Fa-f]{2})+$/;
const HOST_LABELS = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/**
 * What a `From` or `To` header names: its URI without display name, angle brackets and header parameters
 * (RFC 3261 §20.10). Text without any of them comes back as it is; undefined when the brackets do not close.
 */
export function uriOfHeader(value: string): string | undefined {
  const text = value.trim();
  const quoted = /^"(?:[^"\\]|\\.)*"/s.exec(text)?.[0] ?? "";
  const rest = text.slice(quoted.length);
  const open = rest.indexOf("<");
  if (open === -1) return quoted === "" ? text : undefined;
  const close = rest.indexOf(">", open);
  return close === -1 ? undefined : rest.slice(open + 1, close).trim();
}

/** Reads `sip:user@host:port;parameters?headers`; undefined when it is none. Never throws. */
export function parseSipUri(text: string): SipUri | undefined {
  const scheme = /^(sips?):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== "sip" && scheme !== "sips") return undefined;
  const rest = text.slice(scheme.length + 1);
  // Neither users nor parameters nor headers hold an @ that is not escaped.
  const parts = rest.split("@");
  if (parts.length > 2) return undefined;
  const [first = "", second] = parts;
  const user = second === undefined ? undefined : userOf(first);
  if (second !== undefined && user === undefined) return undefined;
  const place = hostAndPort((second ?? first).split(/[;?]/, 1)[0] ?? "");
  return place === undefined ? undefined : { scheme, user, ...place };
}

/** The one spelling of an address, as the routing document looks it up. */
export function formatSipUri({ scheme, user, host, port }: SipUri): string {
  const account = user === undefined ? "" : `${user}@`;
  return `${scheme}:${account}${host}${port === undefined ? "" : `:${port}`}`;
}

function userOf(userInfo: string): string | undefined {
  const user = userInfo.split(":", 1)[0] ?? "";
  return USER.test(user) ? user : undefined;
}

function hostAndPort(
  text: string,
): { host: string; port: number | undefined } | undefined {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(text);
  const [, host = "", digits] = match ?? [];
  if (!isHost(host)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return { host: host.toLowerCase(), port };
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return isIPv6(host.slice(1, -1));
  return host.length <= 253 && HOST_LABELS.test(host);
}
