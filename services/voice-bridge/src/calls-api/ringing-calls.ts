import type { KeyValueStore } from "@easymo/messaging";
import type { Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { HungUpCalls } from "../registry/hung-up-calls.js";
import type { Carrier } from "../telephony/carrier.js";
import { carrierProblem } from "./problems.js";

/** A call that was dialled, until it is answered. */
export const dialledCall = z.object({
  callId: z.string(),
  tenantId: z.string(),
  agent: z.string(),
  from: z.string(),
  to: z.string(),
  direction: z.literal("outbound"),
  status: z.literal("dialing"),
});
export type DialledCall = z.infer<typeof dialledCall>;

export interface RingingCallsDeps {
  readonly keyValue: KeyValueStore;
  readonly hungUp: HungUpCalls;
  readonly carrier: Carrier | undefined;
  readonly logger: Logger;
}

/** A carrier lets a phone ring for a minute. */
const KEPT_MS = 120_000;

/** Calls that ring, and that no replica has yet: known to all of them. */
export class RingingCalls {
  readonly #deps: RingingCallsDeps;

  constructor(deps: RingingCallsDeps) {
    this.#deps = deps;
  }

  /** Never rejects: while the store is away, a call that rings can't be asked for. */
  async dialled(call: DialledCall): Promise<void> {
    const { keyValue, logger } = this.#deps;
    await keyValue
      .set(keyOf(call.callId), JSON.stringify(call), { ttlMs: KEPT_MS })
      .catch((error: unknown) => {
        logger.warn({ err: error }, "a ringing call is not known to replicas");
      });
  }

  async find(callId: string): Promise<DialledCall | undefined> {
    const { keyValue, hungUp } = this.#deps;
    const stored = await keyValue.get(keyOf(callId)).catch(() => undefined);
    if (stored === undefined || (await hungUp.isKnown(callId)))
      return undefined;
    const json: unknown = JSON.parse(stored);
    return dialledCall.parse(json);
  }

  /** Stops the ringing; should it be answered at this moment, nobody speaks. Throws a Problem. */
  async hangUp(callId: string): Promise<DialledCall | undefined> {
    const call = await this.find(callId);
    if (call === undefined) return undefined;
    const { carrier, hungUp } = this.#deps;
    hungUp.add(callId);
    await carrier?.hangUp(callId).catch((error: unknown) => {
      throw carrierProblem(error);
    });
    return call;
  }

  /** Whoever answered has it now. Never rejects, never waits. */
  answered(callId: string): void {
    this.#deps.keyValue.delete(keyOf(callId)).catch((error: unknown) => {
      this.#deps.logger.warn(
        { err: error },
        "an answered call is not forgotten",
      );
    });
  }
}

function keyOf(callId: string): string {
  return `voice:ringing:${callId}`;
}
