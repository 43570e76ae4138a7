import type { Agent, Channel } from "../api/index.js";
import { keyText } from "../runtime/index.js";
import { routingText, withHash, type RoutingText } from "./document.js";
import {
  agentEntry,
  channelEntry,
  type AgentEntry,
  type ChannelEntry,
  type InstructionsLookup,
} from "./entries.js";
import {
  agentVerdict,
  judgeChannels,
  nameInUse,
  refused,
  tooLarge,
  type AgentVerdict,
  type ChannelVerdict,
  type CompiledChannel,
  type JudgedAgent,
  type JudgedChannel,
  type TooLarge,
} from "./verdicts.js";

/** What the routing document is made from. */
export interface RoutingInput {
  readonly agents: readonly Agent[];
  readonly channels: readonly Channel[];
  readonly instructions: InstructionsLookup;
  readonly releaseNamespace: string;
  /** The document that the services have now, if it is a good one: it stays when the new one is too large. */
  readonly inForce: string | undefined;
  /** How large the document may be. */
  readonly maxBytes: number;
}

/** The document, and a verdict on each agent and channel that is not on its way out, by `<namespace>/<name>`. */
export interface RoutingDecision extends RoutingText {
  readonly agents: ReadonlyMap<string, AgentVerdict>;
  readonly channels: ReadonlyMap<string, ChannelVerdict>;
}

/** Makes the routing document of all agents and channels. Pure: the order in which they are given makes no difference. */
export function decideRouting(input: RoutingInput): RoutingDecision {
  return new RoutingCompiler().decide(input);
}

/** The same, that remembers what it made of each object: of thousands, one has changed. */
export class RoutingCompiler {
  #agents = new Map<string, Remembered<AgentEntry>>();
  #channels = new Map<string, Remembered<ChannelEntry>>();

  decide(input: RoutingInput): RoutingDecision {
    const agents = this.#compileAgents(input);
    const channels = judgeChannels(this.#compileChannels(input), agents);
    const full = routingText(
      [...agents.values()]
        .flatMap(({ entry }) => (entry.ok ? [entry] : []))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ line }) => line),
      channels.flatMap(({ line }) => (line === undefined ? [] : [line])),
    );
    const bytes = Buffer.byteLength(full.text);
    if (bytes <= input.maxBytes) return decisionOf(full, agents, channels);
    const kept = input.inForce ?? routingText([], []).text;
    return decisionOf(
      withHash(kept),
      agents,
      channels,
      tooLarge(kept, bytes, input.maxBytes),
    );
  }

  #compileAgents(input: RoutingInput): ReadonlyMap<string, JudgedAgent> {
    const before = this.#agents;
    this.#agents = new Map();
    const judged = new Map<string, JudgedAgent>();
    const owners = new Map<string, string>();
    for (const agent of present(input.agents)) {
      const key = keyText(agent.metadata);
      const entry = remembered(
        before,
        this.#agents,
        agent,
        instructionsVersion(agent, input.instructions),
        () => agentEntry(agent, input.releaseNamespace, input.instructions),
      );
      const owner = entry.ok ? owners.get(entry.name) : undefined;
      judged.set(key, {
        agent,
        entry:
          entry.ok && owner !== undefined
            ? nameInUse(entry.name, owner)
            : entry,
      });
      if (entry.ok && owner === undefined) owners.set(entry.name, key);
    }
    return judged;
  }

  #compileChannels(input: RoutingInput): readonly CompiledChannel[] {
    const before = this.#channels;
    this.#channels = new Map();
    return present(input.channels).map((channel) => ({
      channel,
      entry: remembered(before, this.#channels, channel, "", () =>
        channelEntry(channel),
      ),
    }));
  }
}

interface Remembered<Entry> {
  readonly version: string;
  readonly entry: Entry;
}

function remembered<Entry>(
  before: ReadonlyMap<string, Remembered<Entry>>,
  now: Map<string, Remembered<Entry>>,
  { metadata }: Agent | Channel,
  besides: string,
  compile: () => Entry,
): Entry {
  const version = `${metadata.generation} ${besides}`;
  const known = before.get(metadata.uid);
  const entry = known?.version === version ? known.entry : compile();
  now.set(metadata.uid, { version, entry });
  return entry;
}

/** What an agent's entry is made from besides its spec. */
function instructionsVersion(
  { metadata, spec }: Agent,
  lookUp: InstructionsLookup,
): string {
  if (spec.instructionsFrom === undefined) return "";
  const found = lookUp({
    namespace: metadata.namespace,
    ...spec.instructionsFrom.configMapKeyRef,
  });
  return found.kind === "text" ? `text ${found.text}` : found.kind;
}

/** Those that are not being deleted, the oldest first; of equal age, by their unique ids. */
function present<T extends Agent | Channel>(objects: readonly T[]): T[] {
  return objects
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((object) => ({
      object,
      born: Date.parse(object.metadata.creationTimestamp),
      uid: object.metadata.uid,
    }))
    .sort((a, b) => a.born - b.born || (a.uid < b.uid ? -1 : 1))
    .map(({ object }) => object);
}

function decisionOf(
  text: RoutingText,
  agents: ReadonlyMap<string, JudgedAgent>,
  channels: readonly JudgedChannel[],
  limit?: TooLarge,
): RoutingDecision {
  const counts = new Map<string, number>();
  const verdicts = new Map<string, ChannelVerdict>();
  for (const { channel, verdict, line, agentKey } of channels) {
    const isLeftOut =
      line !== undefined && limit !== undefined && !limit.inForce.has(line);
    verdicts.set(
      keyText(channel.metadata),
      isLeftOut
        ? refused("RoutingTooLarge", limit.message, verdict.address)
        : verdict,
    );
    if (line !== undefined && !isLeftOut)
      counts.set(agentKey, (counts.get(agentKey) ?? 0) + 1);
  }
  return {
    ...text,
    channels: verdicts,
    agents: new Map(
      [...agents].map(([key, { entry }]) => [
        key,
        agentVerdict(entry, counts.get(key) ?? 0, limit),
      ]),
    ),
  };
}
