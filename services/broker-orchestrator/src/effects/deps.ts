import type {
  AgentCoreClient,
  PersonRef,
  TenantAgentCore,
} from "@easymo/agent-core-client";
import { AgentCoreError } from "@easymo/agent-core-client";
import type { Bus } from "@easymo/messaging";
import type { RoutingSource } from "@easymo/routing";
import type { Clock } from "@easymo/service-kit";
import type { Names } from "../conversation/identity.js";
import type { Effect, Outcome } from "../machine/effects.js";
import type { PeekConversation } from "../runtime/options.js";
import type { TurnModel } from "../turns/turn-model.js";
import type { VoiceBridgeClient } from "./voice-bridge-client.js";

/** Each of what agent-core does may be somewhere else. */
export interface Services {
  readonly agentCore: AgentCoreClient;
  readonly ranking: AgentCoreClient;
  readonly buyer: AgentCoreClient;
  readonly wallet: AgentCoreClient;
}

export interface EffectDeps {
  readonly bus: Bus;
  readonly services: Services;
  readonly turns: TurnModel;
  readonly voiceBridge: VoiceBridgeClient | undefined;
  readonly routing: RoutingSource;
  readonly clock: Clock;
  readonly peek: PeekConversation;
}

/** A service, on behalf of an effect's tenant and request. */
export function asTenant(
  client: AgentCoreClient,
  tenantId: string,
  { requestId, traceparent }: Effect,
): TenantAgentCore {
  return client.forTenant(tenantId, {
    requestId,
    ...(traceparent === undefined ? {} : { traceparent }),
  });
}

/** How agent-core knows a person; undefined when they are known by a call alone. */
export function personRef({
  phone,
  userId,
  sip,
}: Names): PersonRef | undefined {
  const id = (userId ?? sip)?.slice(0, 128);
  if (phone !== undefined)
    return { phone, ...(id === undefined ? {} : { userId: id }) };
  return id === undefined ? undefined : { userId: id };
}

/** What the other side refuses, and would again, is an outcome; everything else stays a failure. */
export function refusedOrThrow(error: unknown): Outcome {
  const { status, retryable, code } =
    error instanceof AgentCoreError
      ? error
      : { status: undefined, retryable: true, code: "" };
  // A wrong token is ours to put right; the event waits for that.
  if (retryable || status === undefined || status === 401 || status === 403)
    throw error;
  return { kind: "refused", code };
}

/** Taken by the other side, in words that are not the contract's: whatever it is, it is done. */
export function isTakenAnyhow(error: unknown): boolean {
  return (
    error instanceof AgentCoreError &&
    (error.code === "bad_answer" || error.code === "not_json") &&
    error.status !== undefined &&
    error.status >= 200 &&
    error.status < 300
  );
}
