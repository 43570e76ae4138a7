import { createHash, randomUUID } from "node:crypto";
import { currentTraceparent, requestContext } from "@easymo/service-kit";
import type { Bag } from "@easymo/bag";
import type { Clock, Logger } from "@easymo/service-kit";
import type { z } from "zod";
import type { AbortWatch } from "./abort-watch.js";
import { parseAnswer } from "./answer.js";
import type { Breaker } from "./breaker.js";
import type { Connections } from "./connections.js";
import { AgentCoreError, clientError } from "./errors.js";
import { exchange } from "./exchange.js";
import { GiveUp } from "./give-up.js";
import { refusalOf } from "./refusal.js";
import { nextDelayMs, type RetryPolicy } from "./retry.js";
import type { TenantTokens } from "./tokens.js";
import type { ReadOptions, WriteOptions } from "./tools.js";

export interface TransportSettings {
  /** For one attempt, its answer's body included. */
  readonly timeoutMs: number;
  /** For all attempts of one call, the pauses between them included. */
  readonly totalTimeoutMs: number;
  readonly retry: RetryPolicy;
}

export interface TransportDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connections: Connections;
  readonly breaker: Breaker;
  readonly tokens: TenantTokens;
  readonly random: () => number;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** What is given up when a caller's signal is aborted. */
  readonly signals: AbortWatch;
  /** What is given up when the client is closed. */
  readonly underWay: Bag<GiveUp>;
}

/** On whose behalf requests are made. */
export interface TransportContext {
  readonly tenantId: string;
  readonly requestId?: string;
  readonly traceparent?: string;
}

interface ReadRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
}

interface OutgoingRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: ReadRequest["query"] | undefined;
  readonly body?: object | undefined;
  readonly idempotencyKey?: string;
}

interface PreparedRequest {
  readonly path: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Requests of one tenant. All of them may be tried again: a read changes nothing, and a write carries the key under which
 * a repeat is answered with what the first was.
 */
export class TenantTransport {
  readonly #settings: TransportSettings;
  readonly #deps: TransportDeps;
  readonly #context: TransportContext;

  constructor(
    settings: TransportSettings,
    deps: TransportDeps,
    context: TransportContext,
  ) {
    this.#settings = settings;
    this.#deps = deps;
    this.#context = context;
  }

  /** A request that changes nothing. */
  read<T>(
    request: ReadRequest,
    answer: z.ZodType<T>,
    options: ReadOptions = {},
  ): Promise<T> {
    const { method, path, query, body } = request;
    return this.#call({ method, path, query, body }, answer, options.signal);
  }

  /** A request that has an effect: once per `idempotencyKey`, however often it is sent. */
  write<T>(
    path: string,
    body: object,
    answer: z.ZodType<T>,
    options: WriteOptions,
    method: "POST" | "PUT" = "POST",
  ): Promise<T> {
    return this.#call(
      { method, path, body, idempotencyKey: options.idempotencyKey },
      answer,
      options.signal,
    );
  }

  async #call<T>(
    request: OutgoingRequest,
    answer: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { closed, clock } = this.#deps;
    if (isOver(closed)) throw clientError("closed");
    const giveUp = new GiveUp();
    const time = { isOver: false };
    const timer = clock.setTimeout(() => {
      time.isOver = true;
      giveUp.now();
    }, this.#settings.totalTimeoutMs);
    const underWay = this.#deps.underWay.add(giveUp);
    const watched =
      signal === undefined
        ? undefined
        : this.#deps.signals.watch(signal, giveUp);
    try {
      const prepared = await this.#prepare(request);
      // What no signal reaches is the wait for another request's probe of a half-open circuit.
      return await unlessOver(giveUp, () =>
        this.#attempts(prepared, answer, giveUp),
      );
    } catch (error) {
      if (isOver(closed)) throw clientError("closed", { cause: error });
      if (time.isOver && isAborted(error))
        throw clientError("timeout", { cause: error });
      throw error;
    } finally {
      timer.cancel();
      this.#deps.underWay.remove(underWay);
      watched?.forget();
    }
  }

  async #attempts<T>(
    prepared: PreparedRequest,
    answer: z.ZodType<T>,
    giveUp: GiveUp,
  ): Promise<T> {
    const { clock, breaker, random, logger } = this.#deps;
    const { totalTimeoutMs, retry } = this.#settings;
    const startedMs = clock.monotonicMs();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await breaker(() => this.#attempt(prepared, answer, giveUp));
      } catch (error) {
        if (!(error instanceof AgentCoreError)) throw error;
        const remainingMs = totalTimeoutMs - (clock.monotonicMs() - startedMs);
        const situation = { error, attempt, remainingMs, random: random() };
        const delayMs = nextDelayMs({ ...situation, policy: retry });
        if (delayMs === undefined || giveUp.isOver) throw error;
        logger.debug(
          { code: error.code, status: error.status, attempt, delayMs },
          "agent-core request is tried again",
        );
        await pause(clock, delayMs, giveUp);
      }
    }
  }

  async #attempt<T>(
    prepared: PreparedRequest,
    schema: z.ZodType<T>,
    giveUp: GiveUp,
  ): Promise<T> {
    const { timeoutMs } = this.#settings;
    const answer = await exchange(
      { ...prepared, timeoutMs, giveUp },
      this.#deps,
    );
    if (answer.status >= 200 && answer.status < 300)
      return parseAnswer(schema, answer.body, answer.status);
    throw refusalOf({ ...answer, nowMs: this.#deps.clock.now() });
  }

  async #prepare(request: OutgoingRequest): Promise<PreparedRequest> {
    const { method, body, idempotencyKey } = request;
    const { tenantId, requestId, traceparent } = this.#context;
    const trace = traceparent ?? currentTraceparent();
    const headers: Record<string, string> = {
      authorization: `Bearer ${await this.#deps.tokens.get(tenantId)}`,
      accept: "application/json",
      "x-request-id": requestId ?? requestContext()?.requestId ?? randomUUID(),
    };
    if (trace !== undefined) headers.traceparent = trace;
    if (idempotencyKey !== undefined)
      headers["idempotency-key"] = headerKey(idempotencyKey);
    const path = `${request.path}${queryText(request.query)}`;
    if (body === undefined) return { path, method, headers };
    headers["content-type"] = "application/json";
    return { path, method, headers, body: JSON.stringify(body) };
  }
}

/** The key as a header can carry it: one that cannot be (spaces, letters beyond ASCII, too long) becomes its hash. */
function headerKey(key: string): string {
  return /^[\x21-\x7e]{1,255}$/.test(key)
    ? key
    : createHash("sha256").update(key).digest("hex");
}

function queryText(query: ReadRequest["query"]): string {
  if (query === undefined) return "";
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given.toString()}`;
}

/** Asked anew each time: a signal changes between two looks at it. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

function isAborted(error: unknown): boolean {
  return error instanceof AgentCoreError && error.code === "aborted";
}

/** What the work comes to, or the code `aborted` when it is given up first. */
function unlessOver<T>(giveUp: GiveUp, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    giveUp.listen(() => reject(clientError("aborted")));
    if (!giveUp.isOver) work().then(resolve, reject);
  });
}

function pause(clock: Clock, delayMs: number, giveUp: GiveUp) {
  return new Promise<void>((resolve, reject) => {
    const stopped = (): void => {
      timer.cancel();
      reject(clientError("aborted"));
    };
    const timer = clock.setTimeout(() => {
      giveUp.unlisten(stopped);
      resolve();
    }, delayMs);
    giveUp.listen(stopped);
  });
}
