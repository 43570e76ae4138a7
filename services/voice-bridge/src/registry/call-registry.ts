import type { Clock, Logger } from "@easymo/service-kit";
import { Call } from "../call/call.js";
import type { CallLimits, CallPorts } from "../call/ports.js";
import type { CallIdentity } from "../call/call-state.js";

export interface CallRegistryOptions {
  readonly ports: Omit<CallPorts, "ended" | "progressed">;
  readonly limits: CallLimits;
  readonly maxCalls: number;
  readonly clock: Clock;
  readonly logger: Logger;
  ended: CallPorts["ended"];
  progressed: CallPorts["progressed"];
  /** Another replica has it. */
  abandoned(callId: string): void;
}

/** A call whose stream has not come this long after its webhook never will. */
const ARRIVAL_TIMEOUT_MS = 30_000;

/** The calls of this process. */
export class CallRegistry {
  readonly #options: CallRegistryOptions;
  readonly #calls = new Map<string, { call: Call; createdAtMs: number }>();
  readonly #whenEmpty: (() => void)[] = [];
  #draining = false;

  constructor(options: CallRegistryOptions) {
    this.#options = options;
  }

  get(callId: string): Call | undefined {
    return this.#calls.get(callId)?.call;
  }

  all(): Call[] {
    return [...this.#calls.values()].map(({ call }) => call);
  }

  /** Calls with a caller on the line. */
  get activeCount(): number {
    return this.all().filter((call) => call.isAttached).length;
  }

  /** The names of the channels that callers are on; of those that have none, undefined. */
  busyChannels(): (string | undefined)[] {
    return this.all()
      .filter((call) => call.isAttached)
      .map((call) => call.identity.channelName);
  }

  get isFull(): boolean {
    return this.#calls.size >= this.#options.maxCalls;
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  stopTaking(): void {
    this.#draining = true;
  }

  /** Begins a call; its model session is opened at once. */
  begin(identity: CallIdentity): Call {
    const { ports, limits, clock } = this.#options;
    const call = new Call(
      identity,
      {
        ...ports,
        progressed: (changed) => this.#options.progressed(changed),
        ended: (ended, reason, outcome) => {
          this.#remove(identity.callId, ended);
          this.#options.ended(ended, reason, outcome);
        },
      },
      limits,
    );
    this.#calls.set(identity.callId, {
      call,
      createdAtMs: clock.monotonicMs(),
    });
    return call;
  }

  /** Another replica has this call: nothing more is done about it here, and nothing told. */
  abandon(call: Call): void {
    call.abandon();
    this.#remove(call.identity.callId, call);
    this.#options.abandoned(call.identity.callId);
  }

  /** Another replica has the stream that was expected here. */
  forget(callId: string): void {
    const call = this.get(callId);
    if (call?.isAttached === false) this.abandon(call);
  }

  tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const { call, createdAtMs } of this.#calls.values()) {
      try {
        if (!call.isAttached && nowMs - createdAtMs > ARRIVAL_TIMEOUT_MS)
          call.end("connection_lost");
        else call.tick(nowMs);
      } catch (error) {
        this.#options.logger.error({ err: error }, "call failed in its tick");
      }
    }
  }

  /** Resolves when the last call has ended. */
  async empty(): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  #remove(callId: string, call: Call): void {
    if (this.#calls.get(callId)?.call === call) this.#calls.delete(callId);
    if (this.#calls.size === 0)
      for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
