import type { IncomingMessage, ServerResponse } from "node:http";

/** agent-core as far as a call that nobody pays in needs it: it notes the call. */
export function answerAgentCore(
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  request.on("end", () => {
    const body =
      request.url === "/tools/create-call"
        ? { call: { callId: "noted" } }
        : { status: "ready" };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
}
