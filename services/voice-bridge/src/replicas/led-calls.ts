import { randomUUID } from "node:crypto";
import type { VersionedStore } from "@easymo/messaging";
import {
  withRequestContext,
  type Clock,
  type Logger,
  type Timer,
} from "@easymo/service-kit";
import { z } from "zod";
import { callProgress, type CallProgress } from "../call/call-progress.js";
import type { CallIdentity } from "../call/call-state.js";
import type { CallLeases, LeaseTimes } from "./call-leases.js";

export interface LedCallsDeps {
  readonly versioned: VersionedStore;
  readonly leases: Pick<CallLeases, "claim" | "release">;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a call that is led here has come to; undefined before it began. */
  progressOf(callId: string): CallProgress | undefined;
  /** Whether one more call can be led here. */
  isFree(): boolean;
  /** The replica that led the call is gone; false when it can't be gone on with. */
  takeOver(call: LedCall): boolean;
}

const ledCall = z.object({
  callId: z.string(),
  tenantId: z.string(),
  agent: z.string(),
  channelName: z.string().nullable(),
  from: z.string(),
  to: z.string(),
  person: z.string().nullable(),
  requestId: z.string(),
  traceparent: z.string().nullable(),
  /** Epoch ms. */
  startedAt: z.number(),
  /** Of another version's words nothing is made: the call goes on without. */
  progress: callProgress.nullable().catch(null),
});
/** What another replica needs to go on with a call. */
export type LedCall = z.infer<typeof ledCall>;

/** Calls that stand under one name, so that each batch of them is one round trip. */
const TAG = "voice:led-calls";
/** Of a call that nobody led for so long, the caller is gone. */
const KEPT_MS = 15 * 60_000;
const BATCH = 20;

/**
 * Calls whose audio does not come here, led over a side-band socket: such a
 * call is up though its replica has died, and so another one goes on with it
 * when the lease has ended.
 */
export class LedCalls {
  readonly #deps: LedCallsDeps;
  /** By call id, with the version that was last written. */
  readonly #here = new Map<
    string,
    { call: LedCall; version: string | undefined }
  >();
  /** Calls of which more is known than is written. */
  readonly #changed = new Set<string>();
  #writing: Promise<void> = Promise.resolve();
  #next: Timer | undefined;

  constructor(deps: LedCallsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#next = this.#deps.clock.setTimeout(() => {
      void this.#look().finally(() => {
        if (this.#next !== undefined) this.start();
      });
    }, this.#deps.times.renewMs);
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  /** This replica leads the call from here on. Resolves when the others could know; never rejects. */
  async lead(identity: CallIdentity): Promise<void> {
    const call = ledCallOf(identity, this.#deps.clock.now());
    this.#here.set(call.callId, { call, version: undefined });
    await this.#write([call.callId]);
  }

  /** More has come of the call; told to the store soon, and never waited for. */
  changed(callId: string): void {
    if (!this.#here.has(callId)) return;
    this.#changed.add(callId);
    if (this.#changed.size === 1) void this.#write([]);
  }

  /** The call is over, or another replica's: never waits. */
  leave(callId: string, isOver: boolean): void {
    const led = this.#here.get(callId);
    this.#here.delete(callId);
    if (led === undefined || !isOver) return;
    this.#forget(callId);
  }

  async #look(): Promise<void> {
    await this.#write([...this.#here.keys()]);
    if (this.#deps.isFree()) await this.#takeOver();
  }

  /** One after the other, so that each knows the version before it; and with each, what else has changed. */
  #write(callIds: readonly string[]): Promise<void> {
    this.#writing = this.#writing.then(() => {
      const all = new Set([...callIds, ...this.#changed]);
      this.#changed.clear();
      return this.#writeNow([...all]);
    });
    return this.#writing;
  }

  /** Says until when these are led, and what they have come to. */
  async #writeNow(callIds: readonly string[]): Promise<void> {
    const { versioned, clock, logger, times } = this.#deps;
    const changes = callIds.flatMap((callId) => {
      const led = this.#here.get(callId);
      if (led === undefined) return [];
      const progress = this.#deps.progressOf(callId) ?? led.call.progress;
      return [
        {
          call: { ...led.call, progress },
          version: led.version,
          to: randomUUID(),
        },
      ];
    });
    if (changes.length === 0) return;
    try {
      const written = await versioned.write(
        changes.map(({ call, version, to }) => [
          {
            key: keyOf(call.callId),
            expected: version,
            version: to,
            value: JSON.stringify(call),
            ttlMs: KEPT_MS,
            dueMs: clock.now() + times.leaseMs,
          },
        ]),
      );
      for (const [at, { call, to }] of changes.entries())
        if (written[at] === true) this.#isAt(call.callId, to);
        else await this.#readVersion(call.callId);
    } catch (error) {
      logger.warn({ err: error }, "what calls are led here is not told");
    }
  }

  /** Over while it was being written: it is not to be taken over. */
  #isAt(callId: string, version: string): void {
    const led = this.#here.get(callId);
    if (led === undefined) this.#forget(callId);
    else led.version = version;
  }

  /** Another replica's word, or one that the store forgot: the next is written over it. */
  async #readVersion(callId: string): Promise<void> {
    const [stored] = await this.#deps.versioned.read([keyOf(callId)]);
    const led = this.#here.get(callId);
    if (led !== undefined) led.version = stored?.version;
  }

  async #takeOver(): Promise<void> {
    const { versioned, clock, logger, times } = this.#deps;
    const nowMs = clock.now();
    try {
      const keys = await versioned.claimDue(TAG, {
        nowMs,
        againMs: nowMs + times.renewMs,
        limit: BATCH,
      });
      const found = await versioned.read(keys);
      for (const [at, key] of keys.entries())
        await this.#takeOverOne(key, found[at]);
    } catch (error) {
      logger.warn(
        { err: error },
        "calls that nobody leads can't be looked for",
      );
    }
  }

  async #takeOverOne(
    key: string,
    found: { version: string; value: string } | undefined,
  ): Promise<void> {
    const { versioned, leases, logger } = this.#deps;
    if (found === undefined) {
      await versioned.dropDue(TAG, [key]);
      return;
    }
    const call = readLedCall(found.value);
    if (call === undefined) {
      logger.error({ key }, "what is told of a call can't be read");
      await versioned.dropDue(TAG, [key]);
      return;
    }
    const { callId, requestId, tenantId } = call;
    if (this.#here.has(callId) || !(await leases.claim(callId))) return;
    await withRequestContext({ requestId, tenantId }, () =>
      this.#goOnWith(call, found.version),
    );
  }

  async #goOnWith(call: LedCall, version: string): Promise<void> {
    const { leases, logger } = this.#deps;
    const { callId } = call;
    logger.warn({ callId }, "the replica of a call is gone: it goes on here");
    this.#here.set(callId, { call, version });
    if (this.#deps.takeOver(call)) {
      await this.#write([callId]);
      return;
    }
    leases.release(callId);
    this.leave(callId, true);
  }

  #forget(callId: string): void {
    this.#deps.versioned
      .dropDue(TAG, [keyOf(callId)])
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, callId },
          "an ended call is not forgotten; whoever looks for it finds it ended",
        );
      });
  }
}

function ledCallOf(identity: CallIdentity, nowMs: number): LedCall {
  const { callId, tenantId, agent, from, to, requestId } = identity;
  return {
    callId,
    tenantId,
    agent: agent.name,
    channelName: identity.channelName ?? null,
    from,
    to,
    person: identity.person ?? null,
    requestId,
    traceparent: identity.traceparent ?? null,
    startedAt: nowMs,
    progress: null,
  };
}

/** Undefined when it is nothing that this version knows. */
function readLedCall(text: string): LedCall | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return ledCall.parse(json);
  } catch {
    return undefined;
  }
}

function keyOf(callId: string): string {
  return `{${TAG}}:${callId}`;
}
