import type { IncomingMessage } from "node:http";
import type { RequestHandler } from "express";
import express from "express";
import { Problem } from "../problem.js";

/** The name of express's setting that holds a service's own limit. */
export const BODY_LIMIT_SETTING = "body limit bytes";

/** How a route takes its body. */
export interface BodyOptions {
  /** After decompression; the service's `bodyLimitBytes` unless given. */
  readonly limitBytes?: number;
}

const rawBodies = new WeakMap<IncomingMessage, Buffer>();

/** The bytes of the body as they came, for signatures; empty without a body. */
export function rawBodyOf(req: IncomingMessage): Buffer {
  return rawBodies.get(req) ?? Buffer.alloc(0);
}

const keepRaw = (req: IncomingMessage, _res: unknown, body: Buffer): void => {
  rawBodies.set(req, body);
};

function hasBody(req: IncomingMessage): boolean {
  const length = req.headers["content-length"];
  return (
    req.headers["transfer-encoding"] !== undefined ||
    (length !== undefined && length !== "0")
  );
}

type Parser = (limitBytes: number) => RequestHandler;

function bodyHandler(
  parser: Parser,
  types: readonly string[],
  options: BodyOptions,
): RequestHandler {
  const parsers = new Map<number, RequestHandler>();
  return (req, res, next) => {
    if (hasBody(req) && types.length > 0 && !req.is([...types])) {
      throw unsupportedMediaType(types);
    }
    const limitBytes =
      options.limitBytes ?? Number(req.app.get(BODY_LIMIT_SETTING));
    const parse = parsers.get(limitBytes) ?? parser(limitBytes);
    parsers.set(limitBytes, parse);
    void parse(req, res, next);
  };
}

function unsupportedMediaType(types: readonly string[]): Problem {
  return new Problem({
    status: 415,
    code: "unsupported_media_type",
    title: "The body's media type is not supported",
    detail: `Send the body as ${types.join(" or ")}`,
    headers: { accept: types.join(", ") },
    retryable: false,
  });
}

const JSON_TYPES = ["application/json", "application/*+json"];
const FORM_TYPES = ["application/x-www-form-urlencoded"];

/** A JSON body in `req.body`; anything else is answered 415, bad JSON 400. */
export function jsonBody(options: BodyOptions = {}): RequestHandler {
  return bodyHandler(
    (limit) => express.json({ limit, type: JSON_TYPES, verify: keepRaw }),
    JSON_TYPES,
    options,
  );
}

/** An urlencoded form in `req.body`, flat (`a[b]=1` is the key `a[b]`); anything else is answered 415. */
export function formBody(options: BodyOptions = {}): RequestHandler {
  return bodyHandler(
    (limit) =>
      express.urlencoded({
        limit,
        type: FORM_TYPES,
        extended: false,
        verify: keepRaw,
      }),
    FORM_TYPES,
    options,
  );
}

/**
 * The body's bytes, of whatever type, unparsed: for webhooks whose signature
 * must be checked before anything is made of them. Take them with `rawBodyOf`.
 */
export function rawBody(options: BodyOptions = {}): RequestHandler {
  return bodyHandler(
    (limit) => express.raw({ limit, type: () => true, verify: keepRaw }),
    [],
    options,
  );
}

/**
 * JSON of bytes that have been let in by their signature.
 *
 * @throws {Problem} 400 `invalid_json`
 */
export function parseJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return value;
  } catch (error) {
    throw invalidJson(error);
  }
}

/** Bad JSON; the parser's own words may quote the body, so they stay out. */
export function invalidJson(cause: unknown): Problem {
  return new Problem(
    {
      status: 400,
      code: "invalid_json",
      title: "The body is not JSON",
      detail: "Send a body that is valid JSON: an object or an array",
      retryable: false,
    },
    { cause },
  );
}
