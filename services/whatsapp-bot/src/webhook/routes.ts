import {
  parseJson,
  Problem,
  rawBody,
  rawBodyOf,
  requestContext,
  type Clock,
} from "@easymo/service-kit";
import { Router, type ErrorRequestHandler, type RequestHandler } from "express";
import { SURFACE, type BotMetrics } from "../metrics.js";
import type { Ingest } from "./ingest.js";
import { parseWebhook } from "./parse.js";
import { isSignedByMeta } from "./signature.js";
import { challengeOf } from "./verification.js";

export interface WebhookDeps {
  readonly appSecret: string;
  readonly verifyToken: string;
  readonly ingest: Ingest;
  readonly metrics: BotMetrics;
  readonly clock: Clock;
}

/**
 * A payload can be up to 3 MB.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
 */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
const SIGNATURE_HEADER = "x-hub-signature-256";

/** Meta's door: `GET /webhook` verifies the address, `POST /webhook` brings messages. */
export function webhookRoutes(deps: WebhookDeps): Router {
  const router = Router();
  router.get("/webhook", (req, res) => {
    const challenge = challengeOf(req.query, deps.verifyToken);
    if (challenge === undefined) throw notMeta();
    res.type("text/plain").send(challenge);
  });
  router.post(
    "/webhook",
    counted(deps),
    requireSignature,
    rawBody({ limitBytes: MAX_BODY_BYTES }),
    taken(deps),
    countedError(deps.metrics),
  );
  return router;
}

/** Without the header nothing is read. */
const requireSignature: RequestHandler = (req, _res, next) => {
  if (req.get(SIGNATURE_HEADER) === undefined) throw unsigned();
  next();
};

function taken(deps: WebhookDeps): RequestHandler {
  return async (req, res) => {
    const body = rawBodyOf(req);
    if (!isSignedByMeta(body, req.get(SIGNATURE_HEADER), deps.appSecret))
      throw unsigned();
    const { items, skipped } = parseWebhook(parseJson(body), deps.clock.now());
    for (const reason of skipped) deps.metrics.skipped.inc({ reason });
    const outcome = await deps.ingest.take(
      items,
      requestContext()?.requestId ?? "unknown",
    );
    deps.metrics.requests.inc({ surface: SURFACE, outcome });
    res.sendStatus(200);
  };
}

function counted({ metrics, clock }: WebhookDeps): RequestHandler {
  return (_req, res, next) => {
    const startedMs = clock.monotonicMs();
    res.once("close", () => {
      const seconds = (clock.monotonicMs() - startedMs) / 1_000;
      metrics.seconds.observe({ surface: SURFACE }, seconds);
    });
    next();
  };
}

function countedError(metrics: BotMetrics): ErrorRequestHandler {
  return (error: unknown, _req, _res, next) => {
    metrics.requests.inc({ surface: SURFACE, outcome: outcomeOf(error) });
    next(error);
  };
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof Problem)) return "invalid";
  if (error.status === 401) return "unauthorized";
  return error.status >= 500 ? "unavailable" : "invalid";
}

function unsigned(): Problem {
  return new Problem({
    status: 401,
    code: "bad_signature",
    title: "The signature is missing or wrong",
    detail: "Sign the body with the app's secret in X-Hub-Signature-256",
    retryable: false,
  });
}

function notMeta(): Problem {
  return new Problem({
    status: 403,
    code: "verification_failed",
    title: "This is not the verification that was set up",
    detail: "Compare the app's verify token with META_VERIFY_TOKEN",
    retryable: false,
  });
}
