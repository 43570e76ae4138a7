import type { Clock, Logger } from "@easymo/service-kit";
import {
  channelAddressOf,
  type Channel,
  type EventReason,
} from "../api/index.js";
import { ProviderError } from "../providers/provider.js";
import {
  backoffMs,
  keyText,
  KubernetesError,
  type EventRecorder,
  type Kubernetes,
  type ReconcileContext,
} from "../runtime/index.js";
import type { Accounts } from "./accounts.js";
import type { ChannelIndex } from "./channel-index.js";
import type { CredentialsReader } from "./credentials.js";
import { decideRelease } from "./decide.js";
import { memoryOf, type ProviderMemory } from "./memory.js";
import type { NumberLocks } from "./number-locks.js";
import { freshly, remember, type ConnectProvider } from "./numbers.js";

/** After a provider did not answer. */
const retry = { firstMs: 1_000, longestMs: 60_000 };

export interface ReleaserOptions {
  readonly kubernetes: Kubernetes;
  readonly index: ChannelIndex;
  readonly locks: NumberLocks;
  readonly accounts: Accounts;
  readonly credentials: CredentialsReader;
  readonly connect: ConnectProvider;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What came of an attempt to take a number's settings back. */
export type Release =
  | { readonly kind: "done" }
  | { readonly kind: "later"; readonly waitMs: number };

interface Attempts {
  failures: number;
  hasWaited: boolean;
}

/**
 * Takes back what was set at a provider: hands the number over to another Channel that has it, or sets it to what it was
 * before. It always comes to an end: what cannot be taken back by the deadline, or with the credentials that there are,
 * is left behind, and an event says so.
 */
export class Releaser {
  readonly #options: ReleaserOptions;
  /** By unique id. */
  readonly #attempts = new Map<string, Attempts>();

  constructor(options: ReleaserOptions) {
    this.#options = options;
  }

  /** @param deadlineMs epoch milliseconds, after which a provider that does not answer is not waited for */
  async takeBack(
    channel: Channel,
    memory: ProviderMemory,
    deadlineMs: number,
    context: ReconcileContext,
  ): Promise<Release> {
    const { uid } = channel.metadata;
    const attempts = this.#attempts.get(uid) ?? {
      failures: 0,
      hasWaited: false,
    };
    this.#attempts.set(uid, attempts);
    const leftMs = deadlineMs - this.#options.clock.now();
    const release = await this.#attempt(
      channel,
      memory,
      { attempts, leftMs },
      context,
    ).catch((error: unknown): Release => {
      // Something in the cluster is in the way: nor is that waited for for ever.
      if (leftMs > 0 || !(error instanceof KubernetesError)) throw error;
      return this.#leaveBehind(channel, memory, error.message);
    });
    if (release.kind === "done") this.#attempts.delete(uid);
    return release;
  }

  async #attempt(
    channel: Channel,
    memory: ProviderMemory,
    state: { readonly attempts: Attempts; readonly leftMs: number },
    context: ReconcileContext,
  ): Promise<Release> {
    const { accounts, credentials, connect, locks } = this.#options;
    if (await this.#handOver(channel, memory, context)) return done;
    const found = await credentials.of(channel, memory.kind);
    if (!found.ok) return this.#leaveBehind(channel, memory, found.message);
    const { fingerprint } = found;
    const turn = accounts.turn(fingerprint, {
      isChange: true,
      hasWaited: state.attempts.hasWaited,
    });
    if (turn.kind === "refused")
      return this.#failed(channel, memory, turn.error, state);
    state.attempts.hasWaited = turn.kind === "wait";
    if (turn.kind === "wait") return { kind: "later", waitMs: turn.waitMs };
    try {
      await locks.run(memory, () =>
        this.#setBack(channel, memory, connect(found.credentials), context),
      );
      return done;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      accounts.failed(fingerprint, error);
      return this.#failed(channel, memory, error, state);
    }
  }

  /** Whether another Channel has the number, and remembers from now on what it was before. */
  async #handOver(
    channel: Channel,
    memory: ProviderMemory,
    context: ReconcileContext,
  ): Promise<boolean> {
    const { index, kubernetes, events } = this.#options;
    const known = index.heirOf(memory, channel);
    if (known === undefined) return false;
    const heir = await freshly(kubernetes, known);
    const address =
      heir === undefined ? undefined : channelAddressOf(heir.spec);
    if (
      heir === undefined ||
      heir.metadata.deletionTimestamp !== undefined ||
      address?.kind !== memory.kind ||
      address.address !== memory.address
    )
      return false;
    const own = memoryOf(heir);
    const isItsOwn =
      own?.kind === memory.kind && own.address === memory.address;
    // Another number's is in its way: that one is taken back first.
    if (own !== undefined && !isItsOwn) return false;
    if (!isItsOwn) await remember(kubernetes, heir, memory, context);
    events.record(channel, {
      type: "Normal",
      reason: "HandedOver" satisfies EventReason,
      action: "TakeBack",
      message: `${memory.address} stays as it is at its provider: the Channel ${keyText(heir.metadata)} has it now.`,
    });
    return true;
  }

  async #setBack(
    channel: Channel,
    memory: ProviderMemory,
    provider: ReturnType<ConnectProvider>,
    context: ReconcileContext,
  ): Promise<void> {
    // Somebody may have taken it while this waited for its turn.
    if (await this.#handOver(channel, memory, context)) return;
    const number = await provider.find(memory.address, context.signal);
    const { write, event } = decideRelease(memory, number.settings);
    if (Object.keys(write).length > 0) {
      context.assertLeader();
      await provider.write(number, write, context.signal);
    }
    this.#options.events.record(channel, event);
  }

  #failed(
    channel: Channel,
    memory: ProviderMemory,
    error: ProviderError,
    { attempts, leftMs }: { attempts: Attempts; leftMs: number },
  ): Release {
    const isFinal =
      error.reason === "CredentialsRejected" ||
      error.reason === "NumberNotFound";
    if (isFinal || leftMs <= 0)
      return this.#leaveBehind(channel, memory, error.message);
    attempts.failures += 1;
    const waitMs = Math.max(
      backoffMs(attempts.failures, retry, this.#options.random()),
      error.retryAfterMs ?? 0,
    );
    return { kind: "later", waitMs: Math.min(waitMs, leftMs) };
  }

  #leaveBehind(channel: Channel, memory: ProviderMemory, why: string): Release {
    const { events, logger } = this.#options;
    const { address } = memory;
    logger.warn(
      { channel: keyText(channel.metadata), why },
      "a number's settings at its provider are left behind",
    );
    events.record(channel, {
      type: "Warning",
      reason: "LeftBehind" satisfies EventReason,
      action: "TakeBack",
      message: `${address} may still be set to this release at its provider, and could not be set back: ${why}`,
    });
    return done;
  }
}

const done: Release = { kind: "done" };
