import type {
  Agent,
  AgentAcceptedReason,
  Channel,
  ChannelAcceptedReason,
} from "../api/index.js";
import { keyText } from "../runtime/index.js";
import { linesOf } from "./document.js";
import type { AgentEntry, ChannelEntry } from "./entries.js";

/** What became of an agent or channel, and why, in a sentence for people. */
export interface Verdict<Reason extends string> {
  readonly accepted: boolean;
  readonly reason: Reason;
  readonly message: string;
}

export interface AgentVerdict extends Verdict<AgentAcceptedReason> {
  /** On how many channels it answers. */
  readonly channels: number;
  readonly configurationHash: string | undefined;
}

export interface ChannelVerdict extends Verdict<ChannelAcceptedReason> {
  /** As the document has it; undefined when there is none. */
  readonly address: string | undefined;
}

export interface JudgedAgent {
  readonly agent: Agent;
  readonly entry: AgentEntry;
}

export interface CompiledChannel {
  readonly channel: Channel;
  readonly entry: ChannelEntry;
}

export interface JudgedChannel {
  readonly channel: Channel;
  readonly verdict: ChannelVerdict;
  /** Of an accepted one. */
  readonly line: string | undefined;
  readonly agentKey: string;
}

/** Oldest first: the first to have an address keeps it. */
export function judgeChannels(
  channels: readonly CompiledChannel[],
  agents: ReadonlyMap<string, JudgedAgent>,
): readonly JudgedChannel[] {
  const owners = new Map<string, Channel>();
  return channels.map(({ channel, entry }) => {
    const { namespace } = channel.metadata;
    const agentName = channel.spec.agentRef.name;
    const agentKey = keyText({ namespace, name: agentName });
    const owner = entry.ok ? owners.get(entry.address) : undefined;
    if (entry.ok && owner === undefined) owners.set(entry.address, channel);
    const agent = agents.get(agentKey)?.entry;
    return {
      channel,
      agentKey,
      verdict: judgeChannel(channel, entry, owner, agent),
      line:
        entry.ok &&
        owner === undefined &&
        !channel.spec.suspended &&
        agent?.ok === true
          ? entry.line(agent.name)
          : undefined,
    };
  });
}

function judgeChannel(
  { metadata, spec }: Channel,
  entry: ChannelEntry,
  owner: Channel | undefined,
  agent: AgentEntry | undefined,
): ChannelVerdict {
  if (!entry.ok) return refused("Invalid", entry.message, undefined);
  const { address } = entry;
  const agentName = spec.agentRef.name;
  if (spec.suspended)
    return refused(
      "Suspended",
      `Suspended: nobody answers on ${address} until spec.suspended is false.`,
      address,
    );
  if (owner !== undefined)
    return refused(
      "AddressInUse",
      `${address} is already the address of the Channel ${nameOf(owner, metadata.namespace)}, which is older: delete one of the two, or give this one another address.`,
      address,
    );
  if (agent === undefined)
    return refused(
      "AgentNotFound",
      `There is no Agent ${agentName} in namespace ${metadata.namespace}: apply it, or name another in spec.agentRef.`,
      address,
    );
  if (!agent.ok)
    return refused(
      "AgentInvalid",
      `The Agent ${agentName} cannot answer. ${agent.message}`,
      address,
    );
  return {
    accepted: true,
    reason: "Accepted",
    message: `The Agent ${agentName} answers on ${address} for ${spec.tenant}.`,
    address,
  };
}

export function refused(
  reason: ChannelAcceptedReason,
  message: string,
  address: string | undefined,
): ChannelVerdict {
  return { accepted: false, reason, message, address };
}

function nameOf({ metadata }: Channel, namespace: string): string {
  return metadata.namespace === namespace ? metadata.name : keyText(metadata);
}

export function nameInUse(name: string, owner: string): AgentEntry {
  return {
    ok: false,
    reason: "NameInUse",
    message: `Its name for the services is ${name}, which is already that of the Agent ${owner}: rename one of the two.`,
  };
}

/** What holds when the document is too large: a sentence for each line that is not in force. */
export interface TooLarge {
  readonly inForce: ReadonlySet<string>;
  readonly message: string;
}

export function tooLarge(
  kept: string,
  bytes: number,
  maxBytes: number,
): TooLarge {
  return {
    inForce: linesOf(kept),
    message: `The routing document would have ${kibibytes(bytes)} KiB, and at most ${kibibytes(maxBytes)} fit into its ConfigMap: the last one that fitted stays in force, without this.`,
  };
}

function kibibytes(bytes: number): number {
  return Math.ceil(bytes / 1_024);
}

export function agentVerdict(
  entry: AgentEntry,
  channels: number,
  limit: TooLarge | undefined,
): AgentVerdict {
  if (!entry.ok)
    return {
      accepted: false,
      reason: entry.reason,
      message: entry.message,
      channels,
      configurationHash: undefined,
    };
  const configurationHash = entry.hash;
  if (limit !== undefined && !limit.inForce.has(entry.line))
    return {
      accepted: false,
      reason: "RoutingTooLarge",
      message: limit.message,
      channels,
      configurationHash,
    };
  return {
    accepted: true,
    reason: "Accepted",
    message: `The services know it as ${entry.name}.`,
    channels,
    configurationHash,
  };
}
