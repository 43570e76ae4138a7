import { validated } from "@easymo/service-kit";
import { z } from "zod";
import type { Sql } from "../database/port.js";
import type { ProblemCode } from "./problems.js";

/** What a handler works with: the tenant, its place in the database, the time. */
export interface Work {
  readonly tenantId: string;
  /** For a write, the transaction in which all of it happens. */
  readonly sql: Sql;
  readonly nowMs: number;
  /** Runs once the write is safe; not at all when it is undone, or was a repeat. */
  readonly afterCommit: (run: () => void) => void;
}

interface RouteSpec<Params, Query, Body, Answer> {
  readonly method: "get" | "post" | "put";
  /** As OpenAPI writes it: `/opt-outs/{phone}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  /** A write runs in a transaction, and takes an `Idempotency-Key`. */
  readonly effect: "read" | "write";
  /** For a write that moves money: its transaction is serializable. */
  readonly serializable?: boolean;
  readonly params: z.ZodType<Params>;
  readonly query: z.ZodType<Query>;
  readonly body: z.ZodType<Body>;
  readonly answer: z.ZodType<unknown, Answer>;
  /** The refusals that are its own. */
  readonly problems: readonly ProblemCode[];
  handle(
    input: {
      params: Params;
      query: Query;
      body: Body;
    },
    work: Work,
  ): Promise<Answer>;
}

/** What a request brings, unparsed. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** A request that is valid: what it says, and what it does. */
export interface PreparedRequest {
  /** The input as it was understood; equal for requests that mean the same. */
  readonly input: unknown;
  run(work: Work): Promise<unknown>;
}

/** A route, whatever its types. */
export interface Route {
  readonly method: "get" | "post" | "put";
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly effect: "read" | "write";
  readonly serializable?: boolean;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  readonly answer: z.ZodType;
  readonly problems: readonly ProblemCode[];
  /** @throws {Problem} 400 `invalid_request`, naming each field */
  prepare(raw: RawInput): PreparedRequest;
}

/** The place of a request that a route does not use. */
export const unused = z.unknown();

/** Declares a route: its documentation, its validation and its handler in one. */
export function defineRoute<Params, Query, Body, Answer>(
  spec: RouteSpec<Params, Query, Body, Answer>,
): Route {
  return {
    ...spec,
    prepare(raw) {
      const input = {
        params: validated(spec.params, raw.params, "params"),
        query: validated(spec.query, raw.query, "query"),
        body: validated(spec.body, raw.body, "body"),
      };
      return { input, run: (work) => spec.handle(input, work) };
    },
  };
}
