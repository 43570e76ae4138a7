import type { IncomingMessage } from "node:http";

/** A request's whole body, as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
