import type { IdempotencyStore } from "@easymo/messaging";
import type { Clock, Logger, Timer } from "@easymo/service-kit";

export interface LeaseTimes {
  /** A replica that died leaves its calls' leases for this long. */
  readonly leaseMs: number;
  readonly renewMs: number;
}

export interface CallLeasesDeps {
  readonly times: LeaseTimes;
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another replica has a call of ours too. */
  lost(callId: string): void;
}

/**
 * Which calls are this replica's, known to all of them: a lease for each call,
 * renewed in the background. A store that is away is no reason to refuse a
 * caller: the call is then this replica's by its own word, and claimed when
 * the store is back.
 */
export class CallLeases {
  readonly #deps: CallLeasesDeps;
  /** By call; undefined while the store has not said yes. */
  readonly #tokens = new Map<string, string | undefined>();
  #renewing: Timer | undefined;

  constructor(deps: CallLeasesDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#renewing = this.#deps.clock.setTimeout(() => {
      for (const callId of this.#tokens.keys()) void this.#renew(callId);
      this.start();
    }, this.#deps.times.renewMs);
  }

  stop(): void {
    this.#renewing?.cancel();
  }

  /** Never rejects. False: another replica has the call. */
  async claim(callId: string): Promise<boolean> {
    this.#tokens.set(callId, undefined);
    const outcome = await this.#claim(callId);
    if (outcome === "taken") this.#tokens.delete(callId);
    return outcome !== "taken";
  }

  /** The call is over: a later stream of it may be anybody's. */
  release(callId: string): void {
    const token = this.#tokens.get(callId);
    this.#tokens.delete(callId);
    if (token !== undefined) this.#giveBack(callId, token);
  }

  async #claim(callId: string): Promise<"ours" | "taken" | "unknown"> {
    const { idempotency, logger, times } = this.#deps;
    try {
      const claim = await idempotency.claim(keyOf(callId), {
        fingerprint: callId,
        leaseMs: times.leaseMs,
      });
      if (claim.outcome !== "claimed") return "taken";
      // Over before the answer came: not to be held for nobody.
      if (!this.#tokens.has(callId)) this.#giveBack(callId, claim.token);
      else this.#tokens.set(callId, claim.token);
      return "ours";
    } catch (error) {
      logger.warn(
        { err: error, callId },
        "the call's lease can't be had; it is kept without one",
      );
      return "unknown";
    }
  }

  async #renew(callId: string): Promise<void> {
    const { idempotency, logger, times } = this.#deps;
    const { leaseMs } = times;
    const token = this.#tokens.get(callId);
    try {
      if (
        token !== undefined &&
        (await idempotency.extend(keyOf(callId), token, { leaseMs }))
      )
        return;
    } catch (error) {
      logger.warn({ err: error, callId }, "the call's lease is not renewed");
      return;
    }
    if (!this.#tokens.has(callId)) return;
    this.#tokens.set(callId, undefined);
    if ((await this.#claim(callId)) === "taken") this.#deps.lost(callId);
  }

  #giveBack(callId: string, token: string): void {
    this.#deps.idempotency
      .release(keyOf(callId), token)
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, callId },
          "the lease of an ended call is not given back; it runs out",
        );
      });
  }
}

function keyOf(callId: string): string {
  return `voice:call:${callId}`;
}
