import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Express } from "express";
import { keepContext } from "../context.js";
import type { ServiceKit } from "../kit.js";
import type { Logger } from "../logger.js";
import { toProblem } from "./errors.js";
import { invalidJson } from "./bodies.js";
import {
  requestScope,
  type RequestScope,
  type SuccessLogLevel,
} from "./requests.js";
import { securityHeaders } from "./security-headers.js";
import { DEFAULT_BODY_LIMIT_BYTES } from "./service-http.js";

/** An answer that is written as it is. */
export interface DirectAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The text of the body. */
  readonly json: string;
}

/**
 * A route for requests that come by the thousand a second: told by method and
 * path alone, and answered without going through the application's middleware.
 */
export interface DirectRoute {
  readonly method: string;
  /** The whole path, without parameters. */
  readonly path: string;
  /**
   * Lets a request in, before its body is read, and says what is to be done with
   * the body. Either may throw a Problem.
   */
  admit(req: IncomingMessage): (body: unknown) => Promise<DirectAnswer>;
  /** Told when a request is over, and of the error that it was answered with. */
  done?(durationMs: number, error: unknown): void;
}

export interface DirectRoutesOptions {
  readonly kit: ServiceKit;
  readonly routes: readonly DirectRoute[];
  readonly bodyLimitBytes?: number;
  readonly successLogLevel?: SuccessLogLevel;
}

type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Puts direct routes before an application. They take requests whose body is
 * plain JSON of a known length; whatever else comes (another path, another type,
 * compressed, in chunks, too long) is the application's, which has the same route
 * and answers it the long way. Both answer alike: request ids, security headers,
 * problem+json, measurements, access log.
 */
export function withDirectRoutes(
  app: Express,
  options: DirectRoutesOptions,
): Handler {
  const limitBytes = options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  const scope = requestScope(options.kit, options.successLogLevel);
  const routes = new Map(
    options.routes.map((route) => [
      `${route.method} ${route.path}`,
      directHandler(route, scope, options.kit.logger),
    ]),
  );
  return (req, res) => {
    const direct = routes.get(`${req.method} ${req.url}`);
    if (direct !== undefined && isPlainJson(req, limitBytes)) direct(req, res);
    else app(req, res);
  };
}

const SECURITY_HEADERS = listedHeaders();

const PLAIN_JSON = /^application\/json(?:; ?charset="?utf-8"?)?$/i;

function isPlainJson({ headers }: IncomingMessage, limitBytes: number) {
  const type = headers["content-type"];
  const length = headers["content-length"];
  return (
    type !== undefined &&
    PLAIN_JSON.test(type) &&
    length !== undefined &&
    length !== "0" &&
    Number(length) <= limitBytes &&
    headers["content-encoding"] === undefined &&
    headers["transfer-encoding"] === undefined
  );
}

function directHandler(
  route: DirectRoute,
  scope: RequestScope,
  logger: Logger,
): Handler {
  const path = (): string => route.path;
  return (req, res) => {
    let failure: unknown;
    const done = (durationMs: number): void => {
      route.done?.(durationMs, failure);
    };
    scope(req, res, { isProbe: false, route: path, done }, (requestId) => {
      const fail = (error: unknown): void => {
        failure = error;
        sendError(res, error, requestId, logger);
      };
      try {
        const take = route.admit(req);
        const answer = (given: DirectAnswer): void => {
          sendAnswer(res, given, requestId);
        };
        // The end of a body is told outside of the request's context.
        const inContext = keepContext();
        readJson(req, (read) => {
          inContext(() => {
            try {
              take(read()).then(answer).catch(fail);
            } catch (error) {
              fail(error);
            }
          });
        });
      } catch (error) {
        fail(error);
      }
    });
  };
}

/**
 * Waits for a body whose length the parser of HTTP watches over; of one that is broken off nothing is told.
 *
 * @param onEnd given what reads the body, or throws a Problem
 */
function readJson(
  req: IncomingMessage,
  onEnd: (read: () => unknown) => void,
): void {
  let first: Buffer | undefined;
  let rest: Buffer[] | undefined;
  req.on("data", (chunk: Buffer) => {
    if (first === undefined) first = chunk;
    else (rest ??= [first]).push(chunk);
  });
  req.on("end", () => {
    onEnd(() => parsed(rest === undefined ? first : Buffer.concat(rest)));
  });
}

const BYTE_ORDER_MARK = "\ufeff";

/** As body-parser has it: an object or an array. */
function parsed(bytes: Buffer | undefined): unknown {
  const whole = bytes?.toString("utf8") ?? "";
  const text = whole.startsWith(BYTE_ORDER_MARK) ? whole.slice(1) : whole;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidJson(error);
  }
  if (typeof value !== "object" || value === null) throw invalidJson(undefined);
  return value;
}

function sendAnswer(
  res: ServerResponse,
  { status, headers, json }: DirectAnswer,
  requestId: string,
): void {
  send(
    res,
    status,
    "application/json; charset=utf-8",
    headers,
    json,
    requestId,
  );
}

function sendError(
  res: ServerResponse,
  error: unknown,
  requestId: string,
  logger: Logger,
): void {
  const problem = toProblem(error, DEFAULT_BODY_LIMIT_BYTES);
  if (problem.status >= 500)
    logger.error({ err: error, code: problem.code }, "request failed");
  if (res.headersSent) {
    res.destroy();
    return;
  }
  send(
    res,
    problem.status,
    "application/problem+json; charset=utf-8",
    problem.headers,
    JSON.stringify(problem.toBody(requestId)),
    requestId,
  );
}

/** What every answer has, as names and values in turn: the same each time, so asked for once. */
function listedHeaders(): readonly string[] {
  const req = new IncomingMessage(new Socket());
  const res = new ServerResponse(req);
  securityHeaders()(req, res, () => undefined);
  return Object.entries(res.getHeaders()).flatMap(([name, value]) => [
    name,
    String(value),
  ]);
}

/** Head and body in one write; of ASCII, which nearly all answers are, without a look at each character. */
function send(
  res: ServerResponse,
  status: number,
  type: string,
  headers: Readonly<Record<string, string>> | undefined,
  text: string,
  requestId: string,
): void {
  const head = SECURITY_HEADERS.slice();
  head.push("x-request-id", requestId, "content-type", type);
  const bytes = Buffer.byteLength(text);
  head.push("content-length", String(bytes));
  if (headers !== undefined)
    for (const [name, value] of Object.entries(headers)) head.push(name, value);
  res.writeHead(status, head);
  res.end(text, bytes === text.length ? "latin1" : "utf8");
}
