import type { Clock } from "@easymo/service-kit";
import type { Channel } from "../api/index.js";
import {
  isConflict,
  isNotFound,
  keyText,
  timestamp,
  type Kubernetes,
  type ObjectCache,
  type ObjectKey,
  type ReconcileContext,
  type Reconciler,
  type ReconcileResult,
} from "../runtime/index.js";
import { decideTraffic } from "./decide.js";
import type { ChannelTrafficLedger } from "./ledger.js";

/** Who owns `lastTrafficTime`; what others write in the status is theirs. */
const statusManager = "easymo-operator-traffic";

export interface TrafficReconcilerOptions {
  readonly kubernetes: Kubernetes;
  readonly channels: ObjectCache<Channel>;
  readonly ledger: ChannelTrafficLedger;
  readonly clock: Clock;
}

/** When did somebody last call or write? Each Channel's status says so. */
export class TrafficReconciler implements Reconciler {
  readonly name = "traffic";
  readonly #options: TrafficReconcilerOptions;
  /** The cache may not know yet what was written. */
  readonly #writtenAtMs = new Map<string, number>();

  constructor(options: TrafficReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(
    key: ObjectKey,
    context: ReconcileContext,
  ): Promise<ReconcileResult | void> {
    const { channels, ledger, clock } = this.#options;
    const channel = channels.get(key);
    if (channel === undefined) {
      this.#writtenAtMs.delete(keyText(key));
      // Told of before it is known: what the pods say next finds it.
      if (channels.synced()) ledger.forget(key);
      return undefined;
    }
    const told = channel.status?.lastTrafficTime;
    const nowMs = clock.now();
    const decision = decideTraffic({
      lastAtMs: ledger.lastAtMs(key),
      toldAtMs: told === undefined ? undefined : Date.parse(told),
      writtenAtMs: this.#writtenAtMs.get(keyText(key)),
      channels: channels.keys().length,
      nowMs,
    });
    if (decision.kind === "later") return { requeueAfterMs: decision.inMs };
    if (decision.kind === "write") {
      context.assertLeader();
      await this.#write(channel, decision.atMs);
      this.#writtenAtMs.set(keyText(key), nowMs);
    }
    return undefined;
  }

  async #write(channel: Channel, atMs: number): Promise<void> {
    const { name, namespace, uid } = channel.metadata;
    const { apiVersion, kind } = channel;
    await this.#options.kubernetes
      .applyStatus(
        {
          apiVersion,
          kind,
          metadata: { name, namespace, uid },
          status: { lastTrafficTime: timestamp(atMs) },
        },
        { fieldManager: statusManager },
      )
      .catch((error: unknown) => {
        // It has gone, or another one has come in its place: the cache will know.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
  }
}
