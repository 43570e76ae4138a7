import type { Clock } from "@easymo/service-kit";
import { setTenant } from "@easymo/service-kit";
import type { Express, Request, Response } from "express";
import {
  isConnectionFailure,
  isLockTimeout,
  isTransient,
} from "../database/errors.js";
import type { Database, Sql } from "../database/port.js";
import type { Authenticate } from "./auth.js";
import { fingerprintOf, idempotencyKeyOf, oncePerKey } from "./idempotency.js";
import type { Outcome } from "./idempotency.js";
import { refusal } from "./problems.js";
import type { PreparedRequest, Route } from "./route.js";
import { forTenant } from "./tenancy.js";

// How long one write waits for another one that is in its way.
const lockTimeoutMs = 3_000;

interface MountDeps {
  readonly authenticate: Authenticate;
  readonly database: Database;
  readonly clock: Clock;
}

/** Serves the routes: who asks, whether it makes sense, then the work itself. */
export function mountRoutes(
  app: Express,
  routes: readonly Route[],
  deps: MountDeps,
): void {
  for (const route of routes)
    app[route.method](
      route.path.replace(/\{(\w+)\}/g, ":$1"),
      (request: Request, response: Response) =>
        serve(route, request, response, deps),
    );
}

async function serve(
  route: Route,
  request: Request,
  response: Response,
  deps: MountDeps,
): Promise<void> {
  const tenantId = await deps.authenticate(request.get("authorization"));
  setTenant(tenantId);
  const { params, query } = request;
  const body: unknown = request.body;
  const prepared = route.prepare(forTenant({ params, query, body }, tenantId));
  const outcome = await answerOf(route, request, prepared, tenantId, deps);
  if (outcome.replayed) response.set("idempotency-replayed", "true");
  response.type("application/json").send(outcome.answer);
}

async function answerOf(
  route: Route,
  request: Request,
  prepared: PreparedRequest,
  tenantId: string,
  deps: MountDeps,
): Promise<Outcome> {
  const { database, clock } = deps;
  try {
    if (route.effect === "write") {
      const key = idempotencyKeyOf(request.get("idempotency-key"));
      return await write(route, prepared, { tenantId, key }, deps);
    }
    const answer = await prepared.run({
      tenantId,
      sql: database,
      nowMs: clock.now(),
      afterCommit: (run) => run(),
    });
    return { answer: JSON.stringify(answer), replayed: false };
  } catch (error) {
    throw translated(error);
  }
}

async function write(
  route: Route,
  prepared: PreparedRequest,
  who: { tenantId: string; key: string | undefined },
  { database, clock }: MountDeps,
): Promise<Outcome> {
  let afterCommit: (() => void)[] = [];
  const outcome = await database.transaction(
    async (sql) => {
      // The work may run again after a deadlock: what the undone attempt wanted done is dropped.
      afterCommit = [];
      await sql.query(`set local lock_timeout = ${lockTimeoutMs}`);
      const nowMs = clock.now();
      const work = async (): Promise<string> =>
        JSON.stringify(
          await prepared.run({
            tenantId: who.tenantId,
            sql,
            nowMs,
            afterCommit: (run) => afterCommit.push(run),
          }),
        );
      return who.key === undefined
        ? { answer: await work(), replayed: false }
        : onceForKey(
            sql,
            route,
            prepared,
            { ...who, key: who.key, nowMs },
            work,
          );
    },
    { serializable: route.serializable ?? false, contention: who.tenantId },
  );
  for (const run of afterCommit) run();
  return outcome;
}

function onceForKey(
  sql: Sql,
  route: Route,
  prepared: PreparedRequest,
  who: { tenantId: string; key: string; nowMs: number },
  work: () => Promise<string>,
): Promise<Outcome> {
  const claim = {
    tenantId: who.tenantId,
    route: `${route.method.toUpperCase()} ${route.path}`,
    key: who.key,
    fingerprint: fingerprintOf(prepared.input),
  };
  return oncePerKey(sql, claim, who.nowMs, work);
}

/** What the database says, as what the client is told. */
function translated(error: unknown): unknown {
  const again = { headers: { "retry-after": "1" }, cause: error };
  // Transient after all: others were faster each time that it was tried again.
  if (isLockTimeout(error) || isTransient(error))
    return refusal("busy", "Send the same request again in 1 s", again);
  if (isConnectionFailure(error))
    return refusal(
      "database_unavailable",
      "Nothing was changed for certain: send the same request again, with the same Idempotency-Key",
      again,
    );
  return error;
}
