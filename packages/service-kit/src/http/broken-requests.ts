import type { Server } from "node:http";
import { codeOf } from "../errors.js";
import { Problem } from "../problem.js";

const TOO_LATE = new Problem({
  status: 408,
  code: "request_timeout",
  title: "The request took too long to arrive",
  retryable: true,
});

const TOO_LARGE = new Problem({
  status: 431,
  code: "headers_too_large",
  title: "The request's headers are too large",
  retryable: false,
});

const BROKEN = new Problem({
  status: 400,
  code: "bad_request",
  title: "The request cannot be understood",
  retryable: false,
});

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** Node's codes: https://nodejs.org/api/http.html#event-clienterror */
function problemOf(error: Error): Problem {
  switch (codeOf(error)) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return TOO_LATE;
    case "HPE_HEADER_OVERFLOW":
      return TOO_LARGE;
    default:
      return BROKEN;
  }
}

/**
 * Answers what never becomes a request (late, oversized, not HTTP) with the same
 * shape as everything else, and closes.
 */
export function answerBrokenRequests(server: Server): void {
  server.on("clientError", (error, socket) => {
    // Reset by the peer, or an answer is already on its way: nothing to add.
    if (!socket.writable || codeOf(error) === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const problem = problemOf(error);
    const body = JSON.stringify(problem.toBody());
    socket.end(
      [
        `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? "Error"}`,
        "content-type: application/problem+json; charset=utf-8",
        `content-length: ${Buffer.byteLength(body)}`,
        "connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  });
}
