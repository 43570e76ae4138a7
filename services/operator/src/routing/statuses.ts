import {
  apiVersion,
  type Agent,
  type Channel,
  type Condition,
} from "../api/index.js";
import {
  setCondition,
  type FoundCondition,
  type ObjectToWrite,
} from "../runtime/index.js";
import type { AgentVerdict, ChannelVerdict, Verdict } from "./verdicts.js";

/** A status as it should be. */
export interface StatusToWrite {
  readonly object: ObjectToWrite;
  /** What it says, but for times. */
  readonly fingerprint: string;
  /** Whether it is as it was found, but for times. */
  readonly isSame: boolean;
  /** Whether the verdict is another one than before. */
  readonly isNewVerdict: boolean;
}

/** An Agent's status after a verdict on it. Pure. */
export function agentStatusOf(
  agent: Agent,
  verdict: AgentVerdict,
  nowMs: number,
): StatusToWrite {
  const accepted = conditionOf("Accepted", verdict, agent);
  const ready: FoundCondition = verdict.accepted
    ? { ...accepted, type: "Ready", reason: "Ready", message: answers(verdict) }
    : { ...accepted, type: "Ready" };
  return statusOf(agent, nowMs, [accepted, ready], {
    channels: verdict.channels,
    configurationHash: verdict.configurationHash,
  });
}

/** The part of a Channel's status that is about routing. Pure. */
export function channelStatusOf(
  channel: Channel,
  verdict: ChannelVerdict,
  nowMs: number,
): StatusToWrite {
  return statusOf(channel, nowMs, [conditionOf("Accepted", verdict, channel)], {
    address: verdict.address,
  });
}

function statusOf(
  { kind, metadata, status }: Agent | Channel,
  nowMs: number,
  found: readonly FoundCondition[],
  fields: Readonly<Record<string, string | number | undefined>>,
): StatusToWrite {
  const before = status?.conditions ?? [];
  const conditions = found.flatMap((one) =>
    setCondition(before, one, nowMs).filter(({ type }) => type === one.type),
  );
  const own: Readonly<Record<string, unknown>> = {
    observedGeneration: metadata.generation,
    ...fields,
  };
  const old: Readonly<Record<string, unknown>> = status ?? {};
  const accepted = before.find(({ type }) => type === "Accepted");
  return {
    object: {
      apiVersion,
      kind,
      metadata: {
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
      status: { ...own, conditions },
    },
    fingerprint: JSON.stringify([own, found]),
    isSame:
      Object.entries(own).every(([name, value]) => old[name] === value) &&
      conditions.every((one) => before.some((other) => isEqual(one, other))),
    isNewVerdict:
      accepted?.status !== conditions[0]?.status ||
      accepted?.reason !== conditions[0]?.reason,
  };
}

function conditionOf(
  type: string,
  { accepted, reason, message }: Verdict<string>,
  { metadata }: Agent | Channel,
): FoundCondition {
  return {
    type,
    status: accepted ? "True" : "False",
    reason,
    message,
    observedGeneration: metadata.generation,
  };
}

function isEqual(one: Condition, other: Condition): boolean {
  return (
    one.type === other.type &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.message === other.message &&
    one.observedGeneration === other.observedGeneration
  );
}

function answers({ channels }: AgentVerdict): string {
  if (channels === 0) return "It would answer, but no Channel names it.";
  return `It answers on ${channels} ${channels === 1 ? "channel" : "channels"}.`;
}
