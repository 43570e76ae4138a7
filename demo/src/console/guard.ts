import type { IncomingMessage } from "node:http";

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set([
  "127.0.0.1",
  "localhost",
  "[::1]",
]);

/**
 * Whether a request is the console's own. The demo listens on the loopback
 * interface only, but a page from elsewhere that is open in the same browser
 * could still reach it: by a name that it points at 127.0.0.1 (hence `Host`),
 * or across origins (hence `Origin`, which a socket's upgrade always carries).
 */
export function isOwnRequest(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (host === undefined || !LOOPBACK_HOSTS.has(nameOf(host))) return false;
  return origin === undefined || origin === `http://${host}`;
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}
