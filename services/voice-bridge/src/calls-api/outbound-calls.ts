import { createHash } from "node:crypto";
import type { IdempotencyStore } from "@easymo/messaging";
import type { Agent, RoutingTable } from "@easymo/routing";
import { Problem, type Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { CallEvents } from "../call/call-events.js";
import type { AgentLimits, MetLimit } from "../registry/agent-limits.js";
import { e164, identityOf } from "../registry/call-identity.js";
import type { Carrier } from "../telephony/carrier.js";
import { carrierProblem, invalid, unavailable } from "./problems.js";
import {
  dialledCall,
  type DialledCall,
  type RingingCalls,
} from "./ringing-calls.js";

export const outboundCallBody = z.object({
  tenantId: z.string().min(1).max(128),
  to: z.string().min(1).max(64),
  agent: z.string().min(1).max(128),
  from: z.string().min(1).max(64).optional(),
});

export type OutboundCallBody = z.infer<typeof outboundCallBody>;

export interface OutboundCallsDeps {
  routing(): RoutingTable;
  /** Undefined when no Twilio account is configured. */
  readonly carrier: Carrier | undefined;
  readonly ringing: RingingCalls;
  readonly idempotency: IdempotencyStore;
  readonly events: CallEvents;
  readonly limits: AgentLimits;
  readonly logger: Logger;
  readonly modelSessionMaxMs: number;
  capacity(): "free" | "full" | "draining";
  /** What became of a request's key. */
  keyOutcome(
    outcome: "claimed" | "done" | "in_flight" | "mismatch" | "unavailable",
  ): void;
  hasOptedOut(
    tenantId: string,
    phone: string,
    requestId: string,
  ): Promise<boolean>;
}

export interface DialAnswer {
  readonly call: DialledCall;
  readonly replayed: boolean;
}

const LEASE_MS = 60_000;
const ANSWER_KEPT_MS = 24 * 3_600_000;

/** Starts an outbound call; nobody in the opt-out registry is ever dialled. */
export async function startOutboundCall(
  deps: OutboundCallsDeps,
  body: OutboundCallBody,
  idempotencyKey: string | undefined,
  requestId: string,
): Promise<DialAnswer> {
  if (idempotencyKey === undefined)
    return { call: await dial(deps, body, requestId), replayed: false };
  const key = `voice:calls:${body.tenantId}:${idempotencyKey}`;
  const claim = await deps.idempotency
    .claim(key, { fingerprint: fingerprint(body), leaseMs: LEASE_MS })
    .catch((error: unknown) => {
      deps.keyOutcome("unavailable");
      throw unavailable(
        "store_unavailable",
        "The idempotency store is away.",
        error,
      );
    });
  deps.keyOutcome(claim.outcome);
  switch (claim.outcome) {
    case "done":
      return {
        call: dialledCall.parse(JSON.parse(claim.answer)),
        replayed: true,
      };
    case "in_flight":
      throw new Problem({
        status: 409,
        code: "request_in_flight",
        title: "The first request with this key is still being handled",
        headers: {
          "retry-after": String(Math.ceil(claim.retryAfterMs / 1000)),
        },
        retryable: true,
      });
    case "mismatch":
      throw new Problem({
        status: 422,
        code: "idempotency_key_reused",
        title: "The Idempotency-Key belongs to another request",
        detail: "Use a new key for a new call.",
      });
    case "claimed":
  }
  try {
    const call = await dial(deps, body, requestId);
    await deps.idempotency
      .confirm(key, claim.token, {
        answer: JSON.stringify(call),
        ttlMs: ANSWER_KEPT_MS,
      })
      .catch((error: unknown) => {
        deps.logger.error(
          { err: error },
          "dialled, but the key is not confirmed",
        );
      });
    return { call, replayed: false };
  } catch (error) {
    await deps.idempotency.release(key, claim.token).catch(() => undefined);
    throw error;
  }
}

async function dial(
  deps: OutboundCallsDeps,
  body: OutboundCallBody,
  requestId: string,
): Promise<DialledCall> {
  const target = resolveTarget(deps.routing(), body);
  const capacity = deps.capacity();
  if (capacity !== "free")
    throw unavailable(
      capacity === "full" ? "at_capacity" : "draining",
      capacity === "full"
        ? "All lines of this instance are busy."
        : "This instance takes no new calls.",
    );
  const { carrier } = deps;
  if (carrier === undefined)
    throw new Problem({
      status: 503,
      code: "carrier_not_configured",
      title: "No carrier is configured",
      detail: "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
      retryable: false,
    });
  await refuseOptedOut(deps, body.tenantId, target.to, requestId);
  const { from, to } = target;
  const line = await deps.limits.hold({
    tenantId: body.tenantId,
    agent: target.agent,
  });
  if ("met" in line) throw limited(line.met, deps.limits);
  const { callId } = await carrier
    .dial({ from, to, agent: body.agent })
    .catch(async (error: unknown) => {
      await line.held.release();
      throw carrierProblem(error);
    });
  await line.held.dialled(callId);
  const identity = identityOf(
    { callId, from, to, direction: "outbound", agentName: body.agent },
    deps.routing(),
    requestId,
    deps.modelSessionMaxMs,
  );
  if (identity !== undefined) deps.events.dialled(identity);
  const call: DialledCall = {
    callId,
    tenantId: body.tenantId,
    agent: body.agent,
    from,
    to,
    direction: "outbound",
    status: "dialing",
  };
  await deps.ringing.dialled(call);
  return call;
}

function resolveTarget(
  routing: RoutingTable,
  body: OutboundCallBody,
): { from: string; to: string; agent: Agent } {
  const to = e164(body.to);
  if (to === undefined)
    throw invalid(
      "to",
      "must be a phone number in E.164, for example +250788000001",
    );
  const agent = routing.findAgent(body.tenantId, body.agent);
  if (agent === undefined)
    throw new Problem({
      status: 404,
      code: "unknown_agent",
      title: "The tenant has no such agent",
      detail: `No channel of tenant ${body.tenantId} has the agent ${body.agent}.`,
    });
  if (body.from === undefined) {
    const own = routing.outboundAddress(body.tenantId, body.agent);
    if (own === undefined)
      throw invalid("from", "the agent has no telephone channel to call from");
    return { from: own.address, to, agent };
  }
  const route = routing.find("twilio", body.from);
  if (route?.tenantId !== body.tenantId)
    throw invalid("from", "must be a telephone channel of the tenant");
  return { from: route.channel.address, to, agent };
}

async function refuseOptedOut(
  deps: OutboundCallsDeps,
  tenantId: string,
  phone: string,
  requestId: string,
): Promise<void> {
  const optedOut = await deps
    .hasOptedOut(tenantId, phone, requestId)
    .catch((error: unknown) => {
      throw unavailable(
        "registry_unavailable",
        "The opt-out registry can't be asked, so nobody is dialled.",
        error,
      );
    });
  if (optedOut)
    throw new Problem({
      status: 409,
      code: "opted_out",
      title: "The person has opted out",
      detail: "They are not called again unless they opt in.",
      retryable: false,
    });
}

function limited(met: MetLimit, limits: AgentLimits): Problem {
  return met === "calls"
    ? unavailable("at_capacity", "The agent has as many calls as it may.")
    : unavailable(
        "tokens_spent",
        "The agent has used its tokens of today.",
        undefined,
        limits.secondsLeftToday(),
      );
}

function fingerprint(body: OutboundCallBody): string {
  const { tenantId, to, agent, from } = body;
  return createHash("sha256")
    .update(JSON.stringify([tenantId, to, agent, from ?? null]))
    .digest("hex");
}
