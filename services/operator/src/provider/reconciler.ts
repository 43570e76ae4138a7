import type { Clock, Logger } from "@easymo/service-kit";
import { providerFinalizer, type Channel } from "../api/index.js";
import {
  isConflict,
  isNotFound,
  keyText,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
  type Reconciler,
  type ReconcileResult,
} from "../runtime/index.js";
import { Accounts } from "./accounts.js";
import { ChannelIndex } from "./channel-index.js";
import { CredentialsReader, type DefaultCredentials } from "./credentials.js";
import { memoryOf } from "./memory.js";
import { NumberLocks } from "./number-locks.js";
import { freshly, letGo, remember, type ConnectProvider } from "./numbers.js";
import { Programmer } from "./programmer.js";
import { Releaser } from "./releaser.js";
import { targetOf, type PublicAddresses, type Target } from "./target.js";
import {
  currentCondition,
  leftAlone,
  noPublicUrl,
  notNeeded,
  programmingStatusOf,
  type ProgrammingVerdict,
} from "./verdict.js";

/** Who owns what the provider's part of a status says. */
const statusManager = "easymo-operator-provider";

/** A provider that does not answer keeps nobody from deleting a Channel for longer. */
const giveUpAfterMs = 240_000;

export interface ProviderReconcilerOptions {
  readonly kubernetes: Kubernetes;
  readonly channels: ObjectCache<Channel>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly urls: PublicAddresses;
  readonly defaults: DefaultCredentials;
  readonly connect: ConnectProvider;
  readonly checkMs: number;
  readonly giveUpAfterMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/**
 * Does the provider send what happens on this address here? Each Channel's number is set so, looked at now and then, put
 * right when somebody changed it, and set back when the Channel goes.
 */
export class ProviderReconciler implements Reconciler {
  readonly name = "provider";
  readonly #options: ProviderReconcilerOptions;
  readonly #programmer: Programmer;
  readonly #releaser: Releaser;
  /** By `<namespace>/<name>`: what was written over which version, for the cache may not know yet. */
  readonly #written = new Map<string, string>();
  /** By `<namespace>/<name>`: since when a number that the Channel has no more is to be taken back. */
  readonly #formerSinceMs = new Map<string, number>();

  constructor(options: ProviderReconcilerOptions) {
    const { kubernetes, clock, checkMs, random = Math.random } = options;
    this.#options = options;
    const parts = {
      ...options,
      random,
      index: new ChannelIndex(options.channels),
      locks: new NumberLocks(),
      accounts: new Accounts({ clock, rejectedMs: checkMs }),
      credentials: new CredentialsReader({
        kubernetes,
        clock,
        defaults: options.defaults,
      }),
    };
    this.#programmer = new Programmer(parts);
    this.#releaser = new Releaser(parts);
  }

  async reconcile(
    key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    const channel = this.#options.channels.get(key);
    if (channel === undefined) {
      this.#forget(key);
      return;
    }
    const { deletionTimestamp } = channel.metadata;
    if (deletionTimestamp !== undefined)
      return this.#leave(channel, Date.parse(deletionTimestamp), context);
    const accepted = currentCondition(channel, "Accepted");
    // Routing has not seen it yet, and will say so in the status.
    if (accepted === undefined) return;
    const found = targetOf(channel.spec, this.#options.urls);
    const target = found.kind === "target" ? found.target : undefined;
    const former = await this.#takeBackFormer(channel, target, context);
    if (former !== undefined) return former;
    if (found.kind === "not_needed")
      return this.#tell(channel, notNeeded, undefined, context);
    if (accepted.status !== "True") {
      this.#programmer.forget(key);
      const verdict = leftAlone(channel, accepted.reason);
      return this.#tell(channel, verdict, target, context);
    }
    if (found.kind === "no_public_url")
      return this.#tell(channel, noPublicUrl(found.setting), target, context);
    const looked = await this.#programmer.look(channel, found.target, context);
    if (looked.verdict !== undefined)
      await this.#tell(channel, looked.verdict, found.target, context);
    return { requeueAfterMs: looked.againMs };
  }

  async #leave(
    channel: Channel,
    sinceMs: number,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    const { kubernetes } = this.#options;
    if (!channel.metadata.finalizers.includes(providerFinalizer)) return;
    const fresh = await freshly(kubernetes, channel);
    if (fresh === undefined) return;
    const memory = memoryOf(fresh);
    if (memory !== undefined) {
      const deadlineMs =
        sinceMs + (this.#options.giveUpAfterMs ?? giveUpAfterMs);
      const release = await this.#releaser.takeBack(
        fresh,
        memory,
        deadlineMs,
        context,
      );
      if (release.kind === "later") return { requeueAfterMs: release.waitMs };
    }
    await letGo(kubernetes, fresh, context);
  }

  #forget(key: ObjectKey): void {
    this.#written.delete(keyText(key));
    this.#formerSinceMs.delete(keyText(key));
    this.#programmer.forget(key);
  }

  /** A Channel that was given another number takes the former one's settings back first. */
  async #takeBackFormer(
    channel: Channel,
    target: Target | undefined,
    context: ReconcileContext,
  ): Promise<ReconcileResult | undefined> {
    const { kubernetes, clock } = this.#options;
    const key = keyText(channel.metadata);
    if (!hasFormer(channel, target)) {
      this.#formerSinceMs.delete(key);
      return undefined;
    }
    const sinceMs = this.#formerSinceMs.get(key) ?? clock.now();
    this.#formerSinceMs.set(key, sinceMs);
    const fresh = await freshly(kubernetes, channel);
    const memory = fresh === undefined ? undefined : memoryOf(fresh);
    // The cache will know, and this will be looked at again.
    if (
      fresh === undefined ||
      memory === undefined ||
      !hasFormer(fresh, target)
    )
      return {};
    const release = await this.#releaser.takeBack(
      fresh,
      memory,
      sinceMs + (this.#options.giveUpAfterMs ?? giveUpAfterMs),
      context,
    );
    if (release.kind === "later") return { requeueAfterMs: release.waitMs };
    await remember(kubernetes, fresh, undefined, context);
    return {};
  }

  async #tell(
    channel: Channel,
    verdict: ProgrammingVerdict,
    target: Target | undefined,
    context: ReconcileContext,
  ): Promise<void> {
    const { kubernetes, clock, events, logger } = this.#options;
    const { uid, resourceVersion = "" } = channel.metadata;
    const key = keyText(channel.metadata);
    const status = programmingStatusOf(channel, verdict, target, clock.now());
    const version = `${uid} ${resourceVersion} ${status.fingerprint}`;
    if (status.isSame || this.#written.get(key) === version) return;
    context.assertLeader();
    try {
      await kubernetes.applyStatus(status.object, {
        fieldManager: statusManager,
      });
    } catch (error) {
      // It has gone, or another one has come in its place: the cache will know.
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    this.#written.set(key, version);
    const before = channel.status?.conditions?.find(
      ({ type }) => type === "Programmed",
    );
    const isWorthTelling =
      verdict.status !== "True" &&
      before?.reason !== verdict.reason &&
      !quietReasons.includes(verdict.reason);
    if (!isWorthTelling) return;
    const { reason, message } = verdict;
    logger.warn(
      { channel: keyText(channel.metadata), reason },
      "a number is not set at its provider",
    );
    events.record(channel, { type: "Warning", reason, message });
  }
}

/** Routing says it already. */
const quietReasons: readonly string[] = ["NotAccepted", "Suspended"];

/** Whether what it remembers is of another number than it has. */
function hasFormer(channel: Channel, target: Target | undefined): boolean {
  const memory = memoryOf(channel);
  return (
    memory !== undefined &&
    target !== undefined &&
    memory.address !== target.address
  );
}
