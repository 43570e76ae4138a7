import * as http from "node:http";
import * as https from "node:https";
import { maxAnswerBytes, parseJson } from "./answer.js";
import type { Answer } from "./exchange.js";
import type { GiveUp } from "./give-up.js";

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

  /** Sends a request and reads its answer to the end. Rejects with what went wrong on the wire, also when it is given up. */
  async send(outgoing: Outgoing, giveUp: GiveUp): Promise<Answer> {
    const first = await this.#attempt(outgoing, giveUp);
    // The server closed a kept connection just as it was used: it has not seen the request.
    return first === "stale"
      ? await this.#attempt(outgoing, giveUp, true)
      : first;
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #attempt(outgoing: Outgoing, giveUp: GiveUp): Promise<Answer | "stale">;
  #attempt(outgoing: Outgoing, giveUp: GiveUp, isLast: true): Promise<Answer>;
  #attempt(
    { url, method, headers, body }: Outgoing,
    giveUp: GiveUp,
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
      const stop = (): void => {
        request.destroy(new Error("given up"));
      };
      request.once("response", (response) => {
        readAnswer(response, (answer) => {
          // Its connection may be another request's from now on.
          giveUp.unlisten(stop);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        });
      });
      request.on("error", (error) => {
        giveUp.unlisten(stop);
        const isStale = request.reusedSocket && !isLast && !giveUp.isOver;
        if (isStale) resolve("stale");
        else reject(error);
      });
      giveUp.listen(stop);
      request.end(body);
    });
  }
}

/** Calls `done` once, with the answer or with what broke it off. */
function readAnswer(
  response: http.IncomingMessage,
  done: (answer: Answer | Error) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const end = (answer: Answer | Error): void => {
    if (isDone) return;
    isDone = true;
    done(answer);
  };
  const { statusCode: status = 0, headers } = response;
  const retryAfter = headers["retry-after"] ?? null;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) {
      end({ status, body: undefined, retryAfter });
      response.destroy();
      return;
    }
    chunks.push(chunk);
  });
  response.once("end", () => {
    const [first] = chunks;
    const whole =
      chunks.length === 1 && first !== undefined
        ? first
        : Buffer.concat(chunks);
    end({ status, body: parseJson(whole.toString("utf8")), retryAfter });
  });
  response.once("error", end);
  response.once("close", () => end(new Error("the answer broke off")));
}
