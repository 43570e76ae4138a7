import type { Clock } from "@easymo/service-kit";
import type { Agent, Channel } from "../api/index.js";
import {
  isConflict,
  isNotFound,
  keyText,
  type EventRecorder,
  type Kubernetes,
  type ObjectCache,
  type ReconcileContext,
  type StatusToWrite,
} from "../runtime/index.js";
import type { RoutingDecision } from "./decide.js";
import { agentStatusOf, channelStatusOf, isNewVerdict } from "./statuses.js";
import type { Verdict } from "./verdicts.js";

/** Who owns what routing says in a status: the conditions that others write there are theirs. */
const statusManager = "easymo-operator-routing";

const writesAtOnce = 8;
/** After so long, what is left waits until it is known what has changed meanwhile. */
const sliceMs = 2_000;

interface Write {
  readonly target: Agent | Channel;
  readonly verdict: Verdict<string>;
  readonly status: StatusToWrite;
}

export interface StatusWriterOptions {
  readonly kubernetes: Kubernetes;
  readonly agents: ObjectCache<Agent>;
  readonly channels: ObjectCache<Channel>;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/** Tells each Agent and Channel what became of it, where it does not say so yet. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  /** By unique id: what was written over which version, for the cache may not know yet. */
  #written = new Map<string, string>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** Writes what differs. Resolves with whether that was all; rejects with the first failure, once all were tried. */
  async write(
    decision: RoutingDecision,
    context: ReconcileContext,
  ): Promise<boolean> {
    const { clock } = this.#options;
    const writes = this.#writesOf(decision);
    const endMs = clock.monotonicMs() + sliceMs;
    const failures: unknown[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < writes.length && clock.monotonicMs() < endMs) {
        const write = writes[next];
        next += 1;
        if (write !== undefined)
          await this.#writeOne(write, context).catch((error: unknown) =>
            failures.push(error),
          );
      }
    };
    await Promise.all(Array.from({ length: writesAtOnce }, work));
    if (failures.length > 0) throw failures[0];
    return next >= writes.length;
  }

  #writesOf(decision: RoutingDecision): readonly Write[] {
    const nowMs = this.#options.clock.now();
    const before = this.#written;
    this.#written = new Map();
    const keep = (target: Agent | Channel, status: StatusToWrite): boolean => {
      if (status.isSame) return false;
      const { uid } = target.metadata;
      const written = before.get(uid);
      if (written === undefined) return true;
      this.#written.set(uid, written);
      return written !== versionOf(target, status);
    };
    const agents = this.#options.agents.list().flatMap((target) => {
      const verdict = decision.agents.get(keyText(target.metadata));
      if (verdict === undefined) return [];
      const status = agentStatusOf(target, verdict, nowMs);
      return keep(target, status) ? [{ target, verdict, status }] : [];
    });
    const channels = this.#options.channels.list().flatMap((target) => {
      const verdict = decision.channels.get(keyText(target.metadata));
      if (verdict === undefined) return [];
      const status = channelStatusOf(target, verdict, nowMs);
      return keep(target, status) ? [{ target, verdict, status }] : [];
    });
    return [...agents, ...channels];
  }

  async #writeOne(
    { target, verdict, status }: Write,
    context: ReconcileContext,
  ): Promise<void> {
    const { kubernetes, events } = this.#options;
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
    this.#written.set(target.metadata.uid, versionOf(target, status));
    if (!isNewVerdict(target, verdict)) return;
    const { reason, message } = verdict;
    const isWanted = verdict.accepted || reason === "Suspended";
    events.record(target, {
      type: isWanted ? "Normal" : "Warning",
      reason,
      message,
    });
  }
}

function versionOf(
  { metadata }: Agent | Channel,
  { fingerprint }: StatusToWrite,
): string {
  return `${metadata.resourceVersion ?? ""} ${fingerprint}`;
}
