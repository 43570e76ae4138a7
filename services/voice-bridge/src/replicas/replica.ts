import type { Store } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import type { CallRegistry } from "../registry/call-registry.js";
import { CallDirectory } from "./call-directory.js";
import { CallLeases } from "./call-leases.js";
import { LedCalls, type LedCall } from "./led-calls.js";

export interface ReplicaDeps {
  readonly store: Pick<Store, "idempotency" | "broadcasts" | "versioned">;
  readonly registry: CallRegistry;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether one more call can be led here. */
  isFree(): boolean;
  /** False when the call can't be gone on with. */
  takeOver(call: LedCall): boolean;
}

/** This process among the others: which calls are whose, and what is asked of them. */
export class Replica {
  readonly leases: CallLeases;
  readonly ledCalls: LedCalls;
  readonly directory: CallDirectory;
  readonly #registry: CallRegistry;
  readonly #logger: Logger;

  constructor(deps: ReplicaDeps) {
    const { store, registry, clock, logger, leaseMs } = deps;
    const { idempotency, broadcasts, versioned } = store;
    const times = { leaseMs, renewMs: leaseMs / 3 };
    this.#registry = registry;
    this.#logger = logger;
    this.leases = new CallLeases({
      idempotency,
      times,
      clock,
      logger,
      lost: (callId) => this.#lost(callId),
    });
    this.ledCalls = new LedCalls({
      versioned,
      leases: this.leases,
      times,
      clock,
      logger,
      progressOf: (callId) => registry.get(callId)?.progress(),
      isFree: () => deps.isFree(),
      takeOver: (call) => deps.takeOver(call),
    });
    this.directory = new CallDirectory({ registry, broadcasts, clock, logger });
  }

  /** Resolves when the others can be heard; or soon, when the store is away. */
  async start(): Promise<void> {
    await this.directory.start();
    this.leases.start();
    this.ledCalls.start();
  }

  async close(): Promise<void> {
    this.leases.stop();
    this.ledCalls.stop();
    await this.directory.close();
  }

  /** The call is over, and nobody's. */
  ended(callId: string): void {
    this.leases.release(callId);
    this.ledCalls.leave(callId, true);
  }

  /** A replica that stood still for longer than its leases last finds others in its place. */
  #lost(callId: string): void {
    const call = this.#registry.get(callId);
    if (call?.identity.channel !== "sip") {
      this.#logger.error(
        { callId },
        "another replica has this call too; both go on with their caller",
      );
      return;
    }
    this.#logger.warn({ callId }, "another replica goes on with this call");
    this.ledCalls.leave(callId, false);
    this.#registry.abandon(call);
  }
}
