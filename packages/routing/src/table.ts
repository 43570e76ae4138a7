import { parseDocument } from "yaml";
import { normalizeAddress, trunkOf } from "./addresses.js";
import { checkDocument } from "./check.js";
import type {
  Agent,
  Channel,
  ChannelKind,
  RoutingDocument,
} from "./document.js";
import { RoutingError } from "./errors.js";

/** A channel, the agent that answers on it, and the tenant that both work for. */
export interface Route {
  readonly channel: Channel;
  readonly agent: Agent;
  readonly tenantId: string;
}

/** One routing document, checked, with its look-ups. It never changes. */
export class RoutingTable {
  readonly agents: readonly Agent[];
  readonly channels: readonly Channel[];
  readonly #agentsByName: ReadonlyMap<string, Agent>;
  readonly #routesByAddress: ReadonlyMap<string, Route>;

  private constructor(document: RoutingDocument) {
    this.agents = document.agents;
    this.channels = document.channels;
    const agentsByName = new Map(
      document.agents.map((agent) => [agent.name, agent]),
    );
    this.#agentsByName = agentsByName;
    this.#routesByAddress = new Map(
      document.channels.flatMap((channel): [string, Route][] => {
        const agent = agentsByName.get(channel.agent);
        return agent === undefined
          ? []
          : [
              [
                addressKey(channel.kind, channel.address),
                { channel, agent, tenantId: channel.tenant },
              ],
            ];
      }),
    );
  }

  /**
   * Reads a document.
   *
   * @throws {RoutingError} `routing_invalid`, with every problem that was found, each with its path.
   */
  static parse(yaml: string): RoutingTable {
    const json = parseJson(yaml);
    return json === undefined
      ? RoutingTable.#ofYaml(yaml)
      : RoutingTable.#of(json);
  }

  static #ofYaml(yaml: string): RoutingTable {
    const document = parseDocument(yaml, { prettyErrors: true });
    if (document.errors.length > 0)
      throw new RoutingError(
        "routing_invalid",
        document.errors.map((error) => ({
          path: "",
          message: `it is not YAML: ${firstLine(error.message)}`,
        })),
      );
    return RoutingTable.#of(plainValue(document));
  }

  static #of(raw: unknown): RoutingTable {
    const checked = checkDocument(raw);
    if (!checked.ok)
      throw new RoutingError("routing_invalid", checked.problems);
    return new RoutingTable(checked.document);
  }

  /**
   * Who answers on this address: the channel that has it, or else the trunk that it comes in by. A SIP URI may carry
   * parameters and angle brackets.
   */
  find(kind: ChannelKind, address: string): Route | undefined {
    return (
      this.findExact(kind, address) ??
      (kind === "sip" ? this.findTrunk(address) : undefined)
    );
  }

  /** The same without trunks, for who knows an address in several spellings and asks for the trunk last. */
  findExact(kind: ChannelKind, address: string): Route | undefined {
    return this.#routesByAddress.get(
      addressKey(kind, normalizeAddress(kind, address)),
    );
  }

  /** Who answers for everybody at the host of this SIP URI. */
  findTrunk(sipUri: string): Route | undefined {
    const trunk = trunkOf(sipUri);
    return trunk === undefined
      ? undefined
      : this.#routesByAddress.get(addressKey("sip", trunk));
  }

  /** The agent of that name, if one of the tenant's channels has it: another tenant's agents do not exist for it. */
  findAgent(tenantId: string, agentName: string): Agent | undefined {
    return this.channels.some(
      ({ tenant, agent }) => tenant === tenantId && agent === agentName,
    )
      ? this.#agentsByName.get(agentName)
      : undefined;
  }

  /** The address from which the tenant's agent goes out: the first channel of that kind in the document. */
  outboundAddress(
    tenantId: string,
    agentName: string,
    kind: ChannelKind = "twilio",
  ): Channel | undefined {
    return this.channels.find(
      (channel) =>
        channel.kind === kind &&
        channel.tenant === tenantId &&
        channel.agent === agentName,
    );
  }
}

/**
 * JSON is YAML too, and is read some hundred times faster: a document of thousands of channels is taken up while calls are
 * on, and reading it as YAML would hold their audio up. Undefined when it is none.
 */
function parseJson(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function plainValue(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    // An alias without its anchor, or more aliases than a real document needs.
    throw new RoutingError("routing_invalid", [
      { path: "", message: `it is not YAML: ${messageOf(error)}` },
    ]);
  }
}

function addressKey(kind: ChannelKind, address: string): string {
  return `${kind} ${address}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
