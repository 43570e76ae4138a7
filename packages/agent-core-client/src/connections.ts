import * as http from "node:http";
import * as https from "node:https";
import { maxAnswerBytes, parseJson } from "./answer.js";
import type { Answer } from "./exchange.js";

/** What is sent: see `exchange`. */
export interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sockets idle for longer are closed, before most servers and load balancers do it. */
const IDLE_MS = 4_000;

/**
 * Connections that are kept between requests. Node's own client rather than `fetch`: at thousands of requests a second the
 * streams around each of those cost more than everything else that is done for an event.
 */
export class Connections {
  readonly #plain = new http.Agent({ keepAlive: true, timeout: IDLE_MS });
  readonly #secure = new https.Agent({ keepAlive: true, timeout: IDLE_MS });

  /** Sends a request and reads its answer to the end. Rejects with what went wrong on the wire, also when `signal` is aborted. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<Answer> {
    const first = await this.#attempt(outgoing, signal);
    // The server closed a kept connection just as it was used: it has not seen the request.
    return first === "stale"
      ? await this.#attempt(outgoing, signal, true)
      : first;
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #attempt(outgoing: Outgoing, signal: AbortSignal): Promise<Answer | "stale">;
  #attempt(
    outgoing: Outgoing,
    signal: AbortSignal,
    isLast: true,
  ): Promise<Answer>;
  #attempt(
    { url, method, headers, body }: Outgoing,
    signal: AbortSignal,
    isLast = false,
  ): Promise<Answer | "stale"> {
    return new Promise((resolve, reject) => {
      const isSecure = url.startsWith("https:");
      const request = (isSecure ? https : http).request(url, {
        method,
        headers:
          body === undefined
            ? headers
            : { ...headers, "content-length": Buffer.byteLength(body) },
        agent: isLast ? false : isSecure ? this.#secure : this.#plain,
      });
      const abort = (): void => {
        request.destroy(new Error("given up"));
      };
      const settle = (): void => signal.removeEventListener("abort", abort);
      request.once("response", (response) => {
        readAnswer(response).then(resolve, reject).finally(settle);
      });
      request.on("error", (error) => {
        settle();
        const isStale = request.reusedSocket && !isLast && !signal.aborted;
        if (isStale) resolve("stale");
        else reject(error);
      });
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
      request.end(body);
    });
  }
}

function readAnswer(response: http.IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const { statusCode: status = 0, headers } = response;
    const retryAfter = headers["retry-after"] ?? null;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) {
        resolve({ status, body: undefined, retryAfter });
        response.destroy();
        return;
      }
      chunks.push(chunk);
    });
    response.once("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      resolve({ status, body: parseJson(text), retryAfter });
    });
    response.once("error", reject);
    response.once("close", () => reject(new Error("the answer broke off")));
  });
}
