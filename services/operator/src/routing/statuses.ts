import type { Agent, Channel } from "../api/index.js";
import {
  statusToWrite,
  type FoundCondition,
  type StatusToWrite,
} from "../runtime/index.js";
import type { AgentVerdict, ChannelVerdict, Verdict } from "./verdicts.js";

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
  const fields = {
    observedGeneration: agent.metadata.generation,
    channels: verdict.channels,
    configurationHash: verdict.configurationHash,
  };
  return statusToWrite(agent, [accepted, ready], fields, nowMs);
}

/** The part of a Channel's status that is about routing. Pure. */
export function channelStatusOf(
  channel: Channel,
  verdict: ChannelVerdict,
  nowMs: number,
): StatusToWrite {
  const accepted = conditionOf("Accepted", verdict, channel);
  const fields = {
    observedGeneration: channel.metadata.generation,
    address: verdict.address,
  };
  return statusToWrite(channel, [accepted], fields, nowMs);
}

/** Whether the verdict is another one than the object says. Pure. */
export function isNewVerdict(
  { status }: Agent | Channel,
  { accepted, reason }: Verdict<string>,
): boolean {
  const before = status?.conditions?.find(({ type }) => type === "Accepted");
  return (
    before?.status !== (accepted ? "True" : "False") || before.reason !== reason
  );
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

function answers({ channels }: AgentVerdict): string {
  if (channels === 0) return "It would answer, but no Channel names it.";
  return `It answers on ${channels} ${channels === 1 ? "channel" : "channels"}.`;
}
