import { Client, type Dispatcher } from "undici";
import { maxAnswerBytes, parseJson } from "./answer.js";
import type { Answer } from "./exchange.js";
import type { GiveUp } from "./give-up.js";

/** What is sent: see `exchange`. */
export interface Outgoing {
  /** Behind the address that the connections are to. */
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sockets idle for longer are closed, before most servers and load balancers do it. */
const IDLE_MS = 4_000;

/** A connection, with one request at a time on it: no answer waits behind another's. */
interface Kept {
  readonly client: Client;
  /** It has been closed: there is nothing to keep any more. */
  isGone: boolean;
}

/**
 * Connections to one address that are kept between requests. Rather undici's dispatcher than `fetch` or Node's own client:
 * at thousands of requests a second the streams around each of those cost more than everything else that is done for an
 * event.
 */
export class Connections {
  readonly #origin: string;
  readonly #prefix: string;
  #idle: Kept[] = [];
  #isClosed = false;

  constructor(baseUrl: string) {
    const { origin, pathname } = new URL(baseUrl);
    this.#origin = origin;
    this.#prefix = pathname.replace(/\/+$/, "");
  }

  /** Sends a request and reads its answer to the end. Rejects with what went wrong on the wire, also when it is given up. */
  async send(outgoing: Outgoing, giveUp: GiveUp): Promise<Answer> {
    const kept = this.#idle.pop();
    if (kept === undefined) return await this.#fresh(outgoing, giveUp);
    const exchange = new Exchanging(kept, giveUp);
    try {
      return await this.#on(exchange, outgoing);
    } catch (error) {
      if (exchange.isAnswered || giveUp.isOver) throw error;
    }
    // The server closed a kept connection just as it was used: it has not seen the request.
    return await this.#fresh(outgoing, giveUp);
  }

  close(): void {
    this.#isClosed = true;
    for (const { client } of this.#idle.splice(0)) end(client);
  }

  #fresh(outgoing: Outgoing, giveUp: GiveUp): Promise<Answer> {
    return this.#on(new Exchanging(this.#connect(), giveUp), outgoing);
  }

  async #on(exchange: Exchanging, outgoing: Outgoing): Promise<Answer> {
    const answer = await exchange.run({
      path: this.#prefix + outgoing.path,
      method: outgoing.method,
      headers: outgoing.headers,
      body: outgoing.body ?? null,
    });
    const { kept } = exchange;
    if (this.#isClosed) end(kept.client);
    else if (!kept.isGone) this.#idle.push(kept);
    return answer;
  }

  #connect(): Kept {
    const client = new Client(this.#origin, {
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // How long anything may take is the caller's to say.
      connectTimeout: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
    const kept = { client, isGone: false };
    client.once("disconnect", () => {
      kept.isGone = true;
      this.#idle = this.#idle.filter((one) => one !== kept);
      end(client);
    });
    return kept;
  }
}

/** One request on its way over one connection, and its answer. */
class Exchanging implements Dispatcher.DispatchHandler {
  readonly kept: Kept;
  readonly #giveUp: GiveUp;
  readonly #answer = Promise.withResolvers<Answer>();
  readonly #stop: () => void;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #retryAfter: string | null = null;
  /** The server has begun to answer. */
  isAnswered = false;

  constructor(kept: Kept, giveUp: GiveUp) {
    this.kept = kept;
    this.#giveUp = giveUp;
    this.#stop = () => this.#fail(new Error("given up"));
  }

  run(request: Dispatcher.DispatchOptions): Promise<Answer> {
    this.#giveUp.listen(this.#stop);
    if (!this.#giveUp.isOver) this.kept.client.dispatch(request, this);
    return this.#answer.promise;
  }

  onRequestStart(): void {
    // The connection is there; undici wants to be heard.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.isAnswered = true;
    this.#status = status;
    const retryAfter = headers["retry-after"];
    this.#retryAfter = typeof retryAfter === "string" ? retryAfter : null;
  }

  onResponseData(
    _controller: Dispatcher.DispatchController,
    chunk: Buffer,
  ): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxAnswerBytes) {
      this.#succeed(undefined);
      this.kept.isGone = true;
      end(this.kept.client);
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const whole =
      this.#chunks.length === 1 && first !== undefined
        ? first
        : Buffer.concat(this.#chunks);
    this.#succeed(parseJson(whole.toString("utf8")));
  }

  onResponseError(
    _controller: Dispatcher.DispatchController,
    error: Error,
  ): void {
    this.#fail(error);
  }

  #succeed(body: unknown): void {
    // Its connection may be another request's from now on.
    this.#giveUp.unlisten(this.#stop);
    const status = this.#status;
    this.#answer.resolve({ status, body, retryAfter: this.#retryAfter });
  }

  #fail(error: Error): void {
    this.#giveUp.unlisten(this.#stop);
    this.kept.isGone = true;
    end(this.kept.client);
    this.#answer.reject(error);
  }
}

/** Whatever is on its way over it breaks off. */
function end(client: Client): void {
  client.destroy(() => undefined);
}
