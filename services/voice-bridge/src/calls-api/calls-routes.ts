import {
  Problem,
  jsonBody,
  requestContext,
  setTenant,
  validated,
} from "@easymo/service-kit";
import {
  Router,
  type Request,
  type RequestHandler,
  type Response,
} from "express";
import { z } from "zod";
import type { Call } from "../call/call.js";
import type { CallRegistry } from "../registry/call-registry.js";
import { e164 } from "../registry/call-identity.js";
import { hasBearer } from "../telephony/twilio/signature.js";
import {
  outboundCallBody,
  startOutboundCall,
  type OutboundCallsDeps,
} from "./outbound-calls.js";

export interface CallsApiDeps extends OutboundCallsDeps {
  readonly registry: CallRegistry;
  readonly apiToken: string;
}

const transferBody = z.strictObject({
  to: z.string().min(1).max(64).optional(),
  reason: z.string().min(1).max(500).optional(),
});
const idempotencyKey = z.string().min(1).max(255).optional();

/** The calls API: `/calls` and its aliases, behind a bearer token. */
export function callsApi(deps: CallsApiDeps): Router {
  const router = Router();
  const guard = bearer(deps.apiToken);
  const start: RequestHandler = async (request, response) => {
    const body = validated(outboundCallBody, request.body, "body");
    setTenant(body.tenantId);
    const key = validated(
      z.object({ "idempotency-key": idempotencyKey }),
      { "idempotency-key": request.get("idempotency-key") },
      "body",
    )["idempotency-key"];
    const { call, replayed } = await startOutboundCall(
      deps,
      body,
      key,
      requestContext()?.requestId ?? "",
    );
    if (replayed) response.set("Idempotency-Replayed", "true");
    response.status(202).json(call);
  };
  const list: RequestHandler = (request, response) => {
    const { tenantId } = request.query;
    const calls = deps.registry
      .all()
      .filter((call) => call.isAttached)
      .map((call) => call.view())
      .filter(
        (view) => typeof tenantId !== "string" || view.tenantId === tenantId,
      );
    response.json({ calls });
  };
  router.post(["/calls", "/calls/outbound"], guard, jsonBody(), start);
  router.get(["/calls", "/analytics/live-calls"], guard, list);
  router.get("/calls/:callId", guard, (request, response) => {
    response.json(liveCall(deps, request).view());
  });
  router.post("/calls/:callId/hangup", guard, (request, response) => {
    const call = liveCall(deps, request);
    call.end("api_hangup");
    accepted(response, call);
  });
  router.post(
    "/calls/:callId/transfer",
    guard,
    jsonBody(),
    (request, response) => {
      const call = liveCall(deps, request);
      const body = validated(transferBody, request.body ?? {}, "body");
      const { to, queue } = transferTarget(call, body.to);
      call.transfer(to, queue, body.reason ?? "asked through the calls API");
      accepted(response, call);
    },
  );
  return router;
}

function transferTarget(
  call: Call,
  given: string | undefined,
): { to: string; queue: string | undefined } {
  if (given === undefined) {
    const { transfer } = call.identity.agent;
    if (transfer !== undefined) return transfer;
  }
  const to = given === undefined ? undefined : e164(given);
  if (to !== undefined) return { to, queue: undefined };
  throw new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail:
      given === undefined
        ? "to: is needed because the agent has no transfer target"
        : "to: must be a phone number in E.164",
    extra: { errors: [{ field: "to", message: "must be a phone number" }] },
  });
}

function liveCall(deps: CallsApiDeps, request: Request): Call {
  const { callId } = request.params;
  const call =
    typeof callId === "string" ? deps.registry.get(callId) : undefined;
  if (call === undefined)
    throw new Problem({
      status: 404,
      code: "unknown_call",
      title: "There is no such live call here",
    });
  setTenant(call.identity.tenantId);
  return call;
}

function accepted(response: Response, call: Call): void {
  response.status(202).json(call.view());
}

function bearer(token: string): RequestHandler {
  return (request, _response, next) => {
    if (!hasBearer(request, token))
      throw new Problem({
        status: 401,
        code: "unauthorized",
        title: "The calls API needs its bearer token",
        headers: { "www-authenticate": "Bearer" },
      });
    next();
  };
}
