import { fieldErrors, jsonBody, Problem, validated } from "@easymo/service-kit";
import express, { type RequestHandler, type Response } from "express";
import { idempotencyKey, type SipEventSchema } from "../events/sip-event.js";
import type { IngestMetrics } from "../metrics.js";
import type { RateLimit } from "../tenants/rate-limit.js";
import type { TenantOf } from "../tenants/admission.js";
import { identify, keyOfRequest } from "./identity.js";
import type { Ingest, Submission } from "./ingest.js";
import type { Outcome } from "./outcome.js";

export interface SipRoutesDeps {
  readonly ingest: Ingest;
  readonly schema: SipEventSchema;
  readonly rate: RateLimit;
  readonly admit: RequestHandler;
  readonly tenantOf: TenantOf;
  readonly metrics: IngestMetrics;
}

/** `POST /sip/events`: one event, or an array of them. */
export function sipRoutes(deps: SipRoutesDeps): express.Router {
  const router = express.Router();
  router.post("/sip/events", deps.admit, jsonBody(), async (req, res) => {
    const body: unknown = req.body;
    const tenantId = deps.tenantOf(req);
    const header = headerKey(req.headers["idempotency-key"]);
    if (Array.isArray(body)) await batch(deps, tenantId, body, header, res);
    else await single(deps, tenantId, body, header, res);
  });
  return router;
}

async function single(
  deps: SipRoutesDeps,
  tenantId: string,
  body: unknown,
  header: string | undefined,
  res: Response,
): Promise<void> {
  const [outcome] = await deps.ingest.take([
    submissionOf(deps, tenantId, body, header),
  ]);
  if (outcome === undefined) throw new Error("an event has no outcome");
  if ("problem" in outcome) throw outcome.problem;
  deps.metrics.request("sip", outcome.kind);
  if (outcome.kind === "replayed") res.set("idempotency-replayed", "true");
  res.status(202).json({ eventId: outcome.eventId, status: "accepted" });
}

async function batch(
  deps: SipRoutesDeps,
  tenantId: string,
  bodies: readonly unknown[],
  header: string | undefined,
  res: Response,
): Promise<void> {
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
  res.status(207).json(items);
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
  const event = validated(deps.schema, body, "body");
  const key = keyOfRequest(event.idempotencyKey, header);
  return {
    tenantId,
    event: key === undefined ? event : { ...event, idempotencyKey: key },
    ...identify(tenantId, event, key),
  };
}

function headerKey(value: string | string[] | undefined): string | undefined {
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
