import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { until } from "@easymo/testbed";
import { z } from "zod";

/** One request that a stand-in was sent. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: Record<string, unknown>;
  readonly status: number;
}

const json = z.record(z.string(), z.unknown()).catch({});
const address = z.object({ port: z.number() });

/**
 * Wallet, buyer service and ranking in one, as a user's own might be: it keeps every request, answers a key as it did the
 * first time, and fails when it is told to.
 */
export class StandIn {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #answers = new Map<string, { status: number; body: unknown }>();
  /** Answers 500 when this says so. */
  fails: (request: { method: string; path: string }) => boolean = () => false;
  /** Waits for this before it answers. */
  delays: (request: {
    path: string;
    body: Record<string, unknown>;
  }) => Promise<void> = () => Promise.resolve();
  /** Answers as little as can be understood. */
  isTerse = false;
  /** Knows `POST /buyers`. */
  makesBuyers = true;
  /** Where requests go on to, instead of being answered here. */
  forwardTo: string | undefined;
  #failures = 0;
  /** What is offered for every wish. */
  candidates: unknown[] = [
    {
      vendorId: "vendor-1",
      name: "Kimironko Moto Parts",
      score: 0.9,
      price: 12_000,
      currency: "RWF",
      reasons: ["has it"],
    },
  ];
  /** What the wallet answers a reservation with, when not with one. */
  walletRefusal: { status: number; code: string } | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<StandIn> {
    const server = createServer();
    const standIn = new StandIn(server);
    server.on("request", (request, response) => {
      void standIn.#handle(request, response);
    });
    server.keepAliveTimeout = 60_000;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${address.parse(this.#server.address()).port}`;
  }

  /** Requests that were answered with a success, each key once. */
  done(path: RegExp): SeenRequest[] {
    const byKey = new Map<string, SeenRequest>();
    for (const request of this.requests)
      if (request.status < 300 && path.test(request.path))
        byKey.set(request.key ?? "", request);
    return [...byKey.values()];
  }

  /** Resolves when a request for this path was answered. */
  async seen(isIt: (path: string) => boolean): Promise<void> {
    await until(() => this.requests.some(({ path }) => isIt(path)), {
      what: "the request",
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const method = request.method ?? "";
    const path = request.url ?? "";
    const body = json.parse(parsed(await text(request)));
    const header = request.headers["idempotency-key"];
    const key = typeof header === "string" ? header : undefined;
    await this.delays({ path, body });
    const known = this.#answers.get(`${path} ${key ?? ""}`);
    const isFailing = this.fails({ method, path });
    if (isFailing) this.#failures += 1;
    const real =
      this.forwardTo === undefined || (isFailing && this.#failures % 2 === 0)
        ? undefined
        : await forwarded(this.forwardTo, request, body);
    // Every other failure comes after the thing was done.
    const answer = isFailing
      ? { status: 500, body: { code: "internal" } }
      : (real ?? known ?? this.#answer(method, path, body));
    if (key !== undefined && answer.status < 500)
      this.#answers.set(`${path} ${key}`, answer);
    this.requests.push({ method, path, key, body, status: answer.status });
    response
      .writeHead(answer.status, { "content-type": "application/json" })
      .end(JSON.stringify(answer.body));
  }

  #answer(
    method: string,
    path: string,
    body: Record<string, unknown>,
  ): { status: number; body: unknown } {
    const { intentId } = body;
    const id = typeof intentId === "string" ? intentId : "";
    if (path === "/readyz") return { status: 200, body: {} };
    if (this.isTerse && path !== "/buyers")
      return {
        status: 200,
        body: path === "/rankings" ? { candidates: this.candidates } : {},
      };
    if (path === "/rankings")
      return {
        status: 200,
        body: { rankingId: `ranking-${id}`, candidates: this.candidates },
      };
    if (path === "/buyers" && this.makesBuyers) {
      const { phone, userId } = body;
      const who = typeof phone === "string" ? phone : userId;
      return {
        status: 200,
        body: { buyer: { buyerId: `buyer-${String(who).slice(-9)}` } },
      };
    }
    if (path.endsWith("/rankings"))
      return { status: 200, body: { accepted: true } };
    if (path.endsWith("/intents"))
      return {
        status: 200,
        body: { intent: { intentId: id, name: body.name, slots: body.slots } },
      };
    if (path.endsWith("/conversation"))
      return { status: 200, body: { conversation: { summary: body.summary } } };
    if (path === "/wallet/reservations")
      return this.walletRefusal === undefined
        ? {
            status: 200,
            body: {
              reservation: {
                reservationId: `reservation-${id}`,
                status: "active",
              },
            },
          }
        : {
            status: this.walletRefusal.status,
            body: { code: this.walletRefusal.code },
          };
    const [, released] =
      /^\/wallet\/reservations\/([^/]+)\/release$/.exec(path) ?? [];
    if (released !== undefined)
      return {
        status: 200,
        body: {
          reservation: {
            reservationId: decodeURIComponent(released),
            status: "released",
          },
        },
      };
    if (method === "POST" && path === "/calls")
      return { status: 202, body: { callId: "CA1" } };
    return { status: 404, body: { code: "not_found" } };
  }
}

/** Asks the real service the same. */
async function forwarded(
  base: string,
  { method = "GET", url = "", headers }: IncomingMessage,
  body: Record<string, unknown>,
): Promise<{ status: number; body: unknown }> {
  const key = headers["idempotency-key"];
  const response = await fetch(base + url, {
    method,
    headers: {
      authorization: headers.authorization ?? "",
      "content-type": "application/json",
      ...(typeof key === "string" ? { "idempotency-key": key } : {}),
    },
    ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: parsed(await response.text()) };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
