import {
  fieldErrors,
  jsonBody,
  Problem,
  validated,
  type DirectAnswer,
  type DirectRoute,
} from "@easymo/service-kit";
import express, { type RequestHandler } from "express";
import type { IncomingMessage } from "node:http";
import type { QuickReader } from "../events/quick-event.js";
import {
  idempotencyKey,
  type SipEvent,
  type SipEventSchema,
} from "../events/sip-event.js";
import type { IngestMetrics } from "../metrics.js";
import { outcomeOf } from "../surface.js";
import type { Admission } from "../tenants/admission.js";
import type { RateLimit } from "../tenants/rate-limit.js";
import { identify, keyOfRequest } from "./identity.js";
import type { Ingest, Submission } from "./ingest.js";
import type { Outcome } from "./outcome.js";

export interface SipRoutesDeps {
  readonly ingest: Ingest;
  readonly schema: SipEventSchema;
  readonly readQuickly: QuickReader;
  readonly rate: RateLimit;
  readonly admission: Admission;
  readonly metrics: IngestMetrics;
}

const PATH = "/sip/events";

/** `POST /sip/events`: one event, or an array of them. */
export function sipRoutes(deps: SipRoutesDeps): express.Router {
  const tenants = new WeakMap<object, string>();
  const admit: RequestHandler = (req, _res, next) => {
    tenants.set(req, deps.admission.tenantOf(req));
    next();
  };
  const router = express.Router();
  router.post(PATH, admit, jsonBody(), async (req, res) => {
    const tenantId = tenants.get(req);
    if (tenantId === undefined) throw new Error("nobody was let in");
    const header = headerKey(req);
    const answer = await answerTo(deps, tenantId, req.body, header);
    res
      .status(answer.status)
      .set(answer.headers ?? {})
      .type("application/json")
      .send(answer.json);
  });
  return router;
}

/** The same for what nearly all requests are like. */
export function directSipRoute(deps: SipRoutesDeps): DirectRoute {
  const { metrics } = deps;
  return {
    method: "POST",
    path: PATH,
    admit: (req) => {
      const tenantId = deps.admission.tenantOf(req);
      return (body) => answerTo(deps, tenantId, body, headerKey(req));
    },
    done: (durationMs, error) => {
      metrics.took("sip", durationMs / 1_000);
      if (error !== undefined) metrics.request("sip", outcomeOf(error));
    },
  };
}

function answerTo(
  deps: SipRoutesDeps,
  tenantId: string,
  body: unknown,
  header: string | undefined,
): Promise<DirectAnswer> {
  return isList(body)
    ? batch(deps, tenantId, body, header)
    : single(deps, tenantId, body, header);
}

function isList(body: unknown): body is readonly unknown[] {
  return Array.isArray(body);
}

const REPLAYED = { "idempotency-replayed": "true" };

async function single(
  deps: SipRoutesDeps,
  tenantId: string,
  body: unknown,
  header: string | undefined,
): Promise<DirectAnswer> {
  const submission = submissionOf(deps, tenantId, body, header);
  const outcome = await deps.ingest.takeOne(submission);
  if ("problem" in outcome) throw outcome.problem;
  deps.metrics.request("sip", outcome.kind);
  // An event's id is a UUID.
  const json = `{"eventId":"${outcome.eventId}","status":"accepted"}`;
  return outcome.kind === "replayed"
    ? { status: 202, headers: REPLAYED, json }
    : { status: 202, json };
}

async function batch(
  deps: SipRoutesDeps,
  tenantId: string,
  bodies: readonly unknown[],
  header: string | undefined,
): Promise<DirectAnswer> {
  if (bodies.length === 0) throw invalidBatch("must hold at least one event");
  if (header !== undefined)
    throw invalidBatch(
      "cannot share one Idempotency-Key: give each event its idempotencyKey",
    );
  deps.rate.charge(tenantId, bodies.length - 1);
  const read = bodies.map((body) => readItem(deps, tenantId, body));
  const taken = read.filter(
    (item): item is Submission => !(item instanceof Problem),
  );
  const outcomes = await deps.ingest.take(taken);
  const bySubmission = new Map(taken.map((item, at) => [item, outcomes[at]]));
  const items = read.map((item, index) => {
    const outcome: Outcome | undefined =
      item instanceof Problem
        ? { kind: "invalid", problem: item }
        : bySubmission.get(item);
    if (outcome === undefined) throw new Error("an event has no outcome");
    deps.metrics.request("sip", outcome.kind);
    return { index, ...itemOf(outcome) };
  });
  return { status: 207, json: JSON.stringify(items) };
}

/** An item of a batch's answer: its status is the one that the event would have had alone. */
function itemOf(outcome: Outcome): Record<string, unknown> {
  if (!("problem" in outcome))
    return {
      status: 202,
      eventId: outcome.eventId,
      ...(outcome.kind === "replayed" ? { replayed: true } : {}),
    };
  const retryAfter = outcome.problem.headers["retry-after"];
  return {
    ...outcome.problem.toBody(),
    ...(retryAfter === undefined
      ? {}
      : { retryAfterSeconds: Number(retryAfter) }),
  };
}

function readItem(
  deps: SipRoutesDeps,
  tenantId: string,
  body: unknown,
): Submission | Problem {
  try {
    return submissionOf(deps, tenantId, body, undefined);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function submissionOf(
  deps: SipRoutesDeps,
  tenantId: string,
  body: unknown,
  header: string | undefined,
): Submission {
  const event = eventOf(deps, body);
  const key = keyOfRequest(event.idempotencyKey, header);
  const { eventId, fingerprint } = identify(tenantId, event, key);
  return {
    tenantId,
    event:
      key === event.idempotencyKey ? event : { ...event, idempotencyKey: key },
    eventId,
    fingerprint,
  };
}

function eventOf(deps: SipRoutesDeps, body: unknown): SipEvent {
  const quick =
    typeof body === "object" && body !== null
      ? deps.readQuickly(body)
      : undefined;
  return quick ?? validated(deps.schema, body, "body");
}

function headerKey({ headers }: IncomingMessage): string | undefined {
  const value = headers["idempotency-key"];
  if (value === undefined) return undefined;
  const parsed = idempotencyKey.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: "The headers are wrong in: idempotency-key",
    extra: {
      where: "headers",
      errors: fieldErrors(parsed.error).map(({ message }) => ({
        field: "idempotency-key",
        message,
      })),
    },
    retryable: false,
  });
}

function invalidBatch(message: string): Problem {
  return new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: `The batch ${message}`,
    extra: { where: "body", errors: [{ field: "", message }] },
    retryable: false,
  });
}
