import {
  Problem,
  jsonBody,
  requestContext,
  setTenant,
  validated,
} from "@easymo/service-kit";
import { Router, type Request, type RequestHandler } from "express";
import { z } from "zod";
import type { CallView } from "../call/call-view.js";
import type { DialledCall } from "./ringing-calls.js";
import type { CallCommand } from "../registry/call-commands.js";
import { e164 } from "../registry/call-identity.js";
import type { CallDirectory } from "../replicas/call-directory.js";
import { hasBearer } from "../telephony/twilio/signature.js";
import {
  outboundCallBody,
  startOutboundCall,
  type OutboundCallsDeps,
} from "./outbound-calls.js";

export interface CallsApiDeps extends OutboundCallsDeps {
  readonly directory: CallDirectory;
  readonly apiToken: string;
}

const transferBody = z.object({
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
  const list: RequestHandler = async (request, response) => {
    const { tenantId } = request.query;
    const { calls, complete } = await deps.directory.list();
    response.json({
      calls: calls.filter(
        (view) => typeof tenantId !== "string" || view.tenantId === tenantId,
      ),
      ...(complete ? {} : { incomplete: true }),
    });
  };
  router.post(["/calls", "/calls/outbound"], guard, jsonBody(), start);
  router.get(["/calls", "/analytics/live-calls"], guard, list);
  router.get("/calls/:callId", guard, async (request, response) => {
    response.json(await onCall(deps, request, { do: "view" }));
  });
  router.post("/calls/:callId/hangup", guard, async (request, response) => {
    const call = await onCall(deps, request, { do: "hang_up" });
    response.status(202).json(call);
  });
  router.post(
    "/calls/:callId/transfer",
    guard,
    jsonBody(),
    async (request, response) => {
      const body = validated(transferBody, request.body ?? {}, "body");
      const call = await onCall(deps, request, {
        do: "transfer",
        ...(body.to === undefined ? {} : { to: transferNumber(body.to) }),
        reason: body.reason ?? "asked through the calls API",
      });
      response.status(202).json(call);
    },
  );
  return router;
}

function transferNumber(given: string): string {
  const to = e164(given);
  if (to === undefined) throw badTarget("must be a phone number in E.164");
  return to;
}

function badTarget(message: string): Problem {
  return new Problem({
    status: 400,
    code: "invalid_request",
    title: "The request is not valid",
    detail: `to: ${message}`,
    extra: { errors: [{ field: "to", message }] },
  });
}

/** What the call is after the command, whichever replica has it. */
async function onCall(
  deps: CallsApiDeps,
  request: Request,
  command: CallCommand,
): Promise<CallView | DialledCall> {
  const { callId } = request.params;
  const answer =
    typeof callId === "string"
      ? await deps.directory.run(callId, command)
      : { kind: "unknown" as const, complete: true };
  switch (answer.kind) {
    case "done":
      setTenant(answer.call.tenantId);
      return answer.call;
    case "no_target":
      throw badTarget("is needed because the agent has no transfer target");
    case "unknown": {
      const ringing = await onRinging(deps, String(callId), command);
      if (ringing !== undefined) return ringing;
      throw answer.complete ? unknownCall() : notAllAsked();
    }
  }
}

/** No replica has a call that was dialled and not answered yet. */
function onRinging(
  { ringing }: CallsApiDeps,
  callId: string,
  command: CallCommand,
): Promise<DialledCall | undefined> {
  switch (command.do) {
    case "view":
      return ringing.find(callId);
    case "hang_up":
      return ringing.hangUp(callId);
    default:
      return Promise.resolve(undefined);
  }
}

function unknownCall(): Problem {
  return new Problem({
    status: 404,
    code: "unknown_call",
    title: "There is no such live call",
  });
}

function notAllAsked(): Problem {
  return new Problem({
    status: 503,
    code: "replicas_unreachable",
    title: "The call is not here, and not every replica can be asked for it",
    headers: { "retry-after": "1" },
    retryable: true,
  });
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
