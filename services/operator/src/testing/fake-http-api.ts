import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from "node:http";
import { text } from "node:stream/consumers";

/** One request that a fake was sent. */
export interface FakeCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a fake answers; `hang` never does. */
export type FakeAnswer =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    }
  | "hang";

/** A provider's API over real HTTP: records each call, fails on demand, can be away and come back on the same port. */
export class FakeHttpApi {
  readonly calls: FakeCall[] = [];
  readonly #answer: (call: FakeCall) => FakeAnswer;
  #server: Server | undefined;
  #port = 0;
  #failure: ((call: FakeCall) => FakeAnswer | undefined) | undefined;

  constructor(answer: (call: FakeCall) => FakeAnswer) {
    this.#answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; the second time on the port of the first. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.#take(request).then((answer) => {
        if (answer === "hang") return;
        response.writeHead(answer.status, {
          "content-type": "application/json",
          ...answer.headers,
        });
        response.end(JSON.stringify(answer.body ?? {}));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === "object")
      this.#port = address.port;
  }

  /** Refuses connections until it is started again. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** From now on calls get the answer that this has for them, if any. */
  failWith(
    failure: FakeAnswer | ((call: FakeCall) => FakeAnswer | undefined),
  ): void {
    this.#failure = typeof failure === "function" ? failure : () => failure;
  }

  /** Calls are answered again. */
  recover(): void {
    this.#failure = undefined;
  }

  async #take(request: IncomingMessage): Promise<FakeAnswer> {
    const url = new URL(request.url ?? "/", "http://fake");
    const call = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: await text(request),
    };
    this.calls.push(call);
    return this.#failure?.(call) ?? this.#answer(call);
  }
}
