import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { RoutingTable } from "@easymo/routing";
import type { Clock, Logger } from "@easymo/service-kit";
import type { Call } from "../call/call.js";
import type { CallIdentity } from "../call/call-state.js";
import type { CallDirectory } from "../replicas/call-directory.js";
import type { CallLeases } from "../replicas/call-leases.js";
import type { LedCall, LedCalls } from "../replicas/led-calls.js";
import type { HeldEvents } from "../replicas/held-events.js";
import type { MediaLeg, MediaLegListener } from "../telephony/media-leg.js";
import { sideBandLeg } from "../telephony/openai-sip/sip-calls.js";
import type { AgentLimits } from "./agent-limits.js";
import type { HungUpCalls } from "./hung-up-calls.js";
import { identityOf, type CarrierCall } from "./call-identity.js";
import type { CallRegistry } from "./call-registry.js";

export interface AdmissionsDeps {
  readonly registry: CallRegistry;
  readonly leases: CallLeases;
  readonly ledCalls: LedCalls;
  readonly clock: Clock;
  readonly limits: AgentLimits;
  readonly directory: CallDirectory;
  readonly hungUp: HungUpCalls;
  readonly events: HeldEvents;
  readonly agentCore: AgentCoreClient;
  routing(): RoutingTable;
  readonly modelSessionMaxMs: number;
  /** Instead of each agent's own. */
  readonly model: string | undefined;
  readonly logger: Logger;
}

export type Capacity = "free" | "full" | "draining";

const TAKEN = "the call has a media socket already";
const BUSY = "all lines are busy";
const HUNG_UP = "the call was hung up";

/** Which calls are let in, and as whose. */
export class Admissions {
  readonly #deps: AdmissionsDeps;

  constructor(deps: AdmissionsDeps) {
    this.#deps = deps;
  }

  capacity(): Capacity {
    const { registry } = this.#deps;
    if (registry.isDraining) return "draining";
    return registry.isFull ? "full" : "free";
  }

  /** Undefined when no channel has our number. */
  identify(call: CarrierCall, requestId: string): CallIdentity | undefined {
    const { model, modelSessionMaxMs } = this.#deps;
    const identity = identityOf(
      call,
      this.#deps.routing(),
      requestId,
      modelSessionMaxMs,
    );
    if (identity === undefined || model === undefined) return identity;
    return { ...identity, agent: { ...identity.agent, model } };
  }

  /**
   * A call whose stream is about to come: its model is made ready. Otherwise why not, an agent's limit being the same to
   * the caller as no line that is free.
   */
  async expect(identity: CallIdentity): Promise<Capacity> {
    const { registry, limits } = this.#deps;
    const before = this.capacity();
    if (before !== "free") return before;
    if ((await limits.admit(identity)) !== undefined) return "full";
    // Others came meanwhile.
    const now = this.capacity();
    if (registry.get(identity.callId) !== undefined) return "free";
    if (now === "free") registry.begin(identity);
    else limits.release(identity);
    return now;
  }

  /** A stream begins: of a call that was expected here, or by another replica. */
  admit(
    carrierCall: CarrierCall,
    requestId: string,
    leg: MediaLeg,
  ): { listener: MediaLegListener } | { refusal: string } {
    const { registry } = this.#deps;
    const known = registry.get(carrierCall.callId);
    if (known?.isAttached === true) return { refusal: TAKEN };
    if (this.#deps.hungUp.has(carrierCall.callId)) return { refusal: HUNG_UP };
    let call = known;
    if (call === undefined) {
      const capacity = this.capacity();
      if (capacity !== "free")
        return {
          refusal: capacity === "full" ? BUSY : "draining",
        };
      const identity = this.identify(carrierCall, requestId);
      if (identity === undefined)
        return { refusal: "no channel has the number that was called" };
      call = registry.begin(identity);
    }
    const admitted = call;
    void admitted.inContext(() => this.#claim(admitted, leg));
    admitted.attach(leg);
    return { listener: admitted };
  }

  /** A call over SIP that this replica has claimed. */
  lead(identity: CallIdentity): void {
    void this.#deps.ledCalls.lead(identity);
    this.#attachSideBand(identity);
    this.#log(identity);
  }

  /** The same, in place of a replica that is gone; false when its agent is. */
  takeOver({
    agent: agentName,
    startedAt,
    progress,
    ...led
  }: LedCall): boolean {
    const { limits, clock, modelSessionMaxMs, logger } = this.#deps;
    const agent = this.#deps.routing().findAgent(led.tenantId, agentName);
    if (agent === undefined) {
      logger.warn({ callId: led.callId }, "no agent to go on with the call");
      return false;
    }
    const identity: CallIdentity = {
      ...led,
      agent,
      direction: "inbound",
      channel: "sip",
      channelName: led.channelName ?? undefined,
      person: led.person ?? undefined,
      traceparent: led.traceparent ?? undefined,
      modelSessionMaxMs,
      underWayMs: Math.max(0, clock.now() - startedAt),
      ...(progress === null ? {} : { soFar: progress }),
    };
    // Whatever the limit is by now: the call is up.
    void limits.adopt(identity);
    this.#attachSideBand(identity);
    return true;
  }

  #attachSideBand(identity: CallIdentity): void {
    this.#deps.registry.begin(identity).attach(sideBandLeg(identity.callId));
  }

  /**
   * One socket owns a call, among all replicas. The caller is heard meanwhile;
   * what is told of the call waits for the answer.
   */
  async #claim(call: Call, leg: MediaLeg): Promise<void> {
    const { leases, limits, events, directory, registry } = this.#deps;
    const { callId } = call.identity;
    events.hold(callId);
    const isOurs = await leases.claim(callId);
    const refusal = isOurs ? await this.#objection(call) : TAKEN;
    if (refusal === undefined) {
      // Over meanwhile: it is counted no longer.
      if (call.isOver) limits.release(call.identity);
      events.release(callId);
      directory.claimed(callId);
      this.#log(call.identity);
      return;
    }
    if (isOurs) leases.release(callId);
    events.drop(callId);
    registry.abandon(call);
    leg.refuse(refusal);
  }

  /** What other replicas know against a call that is ours. */
  async #objection(call: Call): Promise<string | undefined> {
    const { limits, hungUp } = this.#deps;
    if (call.isOver) return undefined;
    if (!(await limits.adopt(call.identity))) return BUSY;
    if (!(await hungUp.isKnown(call.identity.callId))) return undefined;
    limits.release(call.identity);
    return HUNG_UP;
  }

  /** Every call is known to agent-core, for dispositions and reports. */
  #log({ callId, direction, channel, agent, ...identity }: CallIdentity): void {
    const { agentCore, logger } = this.#deps;
    const { tenantId, requestId } = identity;
    agentCore
      .forTenant(tenantId, { requestId })
      .createCall(
        { callId, direction, platform: channel, region: agent.payment.region },
        { idempotencyKey: `create-call:${callId}` },
      )
      .catch((error: unknown) => {
        logger.warn({ err: error, callId }, "call not logged in agent-core");
      });
  }
}
