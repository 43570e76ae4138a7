import { createHash } from "node:crypto";
import {
  checkDocument,
  type Channel as RoutedChannel,
  type RoutingProblem,
} from "@easymo/routing";
import {
  agentEntryOf,
  channelAddressOf,
  type Agent,
  type AgentAcceptedReason,
  type Channel,
} from "../api/index.js";
import { keyText } from "../runtime/index.js";
import { canonicalJson } from "./document.js";

/** The longest name that the routing document takes. */
const maxNameCharacters = 63;

/** Where an agent's instructions are, when its spec does not have them. */
export type InstructionsLookup = (reference: {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}) =>
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "no_config_map" }
  | { readonly kind: "no_key" };

/** One agent's line of the document, or why it has none. */
export type AgentEntry =
  | {
      readonly ok: true;
      /** In the document. */
      readonly name: string;
      readonly line: string;
      readonly hash: string;
    }
  | {
      readonly ok: false;
      readonly reason: AgentAcceptedReason;
      readonly message: string;
    };

/** A channel's address, and the rest of its line; or why it has none. */
export type ChannelEntry =
  | {
      readonly ok: true;
      readonly kind: RoutedChannel["kind"];
      readonly address: string;
      /** The line of the document once its agent's name there is known. */
      readonly line: (agentName: string) => string;
    }
  | { readonly ok: false; readonly message: string };

/** The name that an agent has in the document: agents of other namespaces are told apart by theirs. Pure. */
export function documentNameOf(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  releaseNamespace: string,
): string {
  return namespace === releaseNamespace ? name : `${namespace}.${name}`;
}

/** Compiles one agent, and checks it by the schema that the services read by. Pure. */
export function agentEntry(
  { metadata, spec }: Agent,
  releaseNamespace: string,
  lookUp: InstructionsLookup,
): AgentEntry {
  const name = documentNameOf(metadata, releaseNamespace);
  if (name.length > maxNameCharacters)
    return {
      ok: false,
      reason: "NameTooLong",
      message: `Its name for the services is ${name}, which has ${name.length} characters: at most ${maxNameCharacters} fit.`,
    };
  const found = instructionsOf(metadata.namespace, spec, lookUp);
  if (!found.ok) return found;
  const entry = agentEntryOf(name, spec, found.text);
  const checked = checkDocument({ agents: [entry], channels: [] });
  if (!checked.ok)
    return {
      ok: false,
      reason: "Invalid",
      message: sentenceOf(checked.problems, "agents[0]"),
    };
  const line = canonicalJson(entry);
  const hash = createHash("sha256").update(line).digest("hex").slice(0, 16);
  return { ok: true, name, line, hash };
}

/** Compiles one channel but for its agent, and checks it by the schema that the services read by. Pure. */
export function channelEntry({ metadata, spec }: Channel): ChannelEntry {
  const given = channelAddressOf(spec);
  if (given === undefined)
    return {
      ok: false,
      message: "It has no address: no twilio, sip or whatsapp.",
    };
  const entry = { ...given, tenant: spec.tenant, name: keyText(metadata) };
  const checked = checkDocument({
    agents: [{ name: "any" }],
    channels: [{ ...entry, agent: "any" }],
  });
  const channel = checked.ok ? checked.document.channels[0] : undefined;
  if (channel === undefined)
    return {
      ok: false,
      message: sentenceOf(checked.ok ? [] : checked.problems, "channels[0]"),
    };
  const { kind, address } = channel;
  return {
    ok: true,
    kind,
    address,
    line: (agent) => canonicalJson({ ...entry, address, agent }),
  };
}

function instructionsOf(
  namespace: string,
  { instructions, instructionsFrom }: Agent["spec"],
  lookUp: InstructionsLookup,
):
  | { readonly ok: true; readonly text: string | undefined }
  | (AgentEntry & { ok: false }) {
  if (instructionsFrom === undefined) return { ok: true, text: instructions };
  const { name, key } = instructionsFrom.configMapKeyRef;
  const found = lookUp({ namespace, name, key });
  if (found.kind === "text") return { ok: true, text: found.text };
  return {
    ok: false,
    reason: "InstructionsMissing",
    message:
      found.kind === "no_key"
        ? `The ConfigMap ${name} has no key ${key}, where its instructions should be.`
        : `There is no ConfigMap ${name} in namespace ${namespace}, where its instructions should be.`,
  };
}

/** `spec.voice must be …; spec.tools[1] …` */
function sentenceOf(
  problems: readonly RoutingProblem[],
  prefix: string,
): string {
  const parts = problems.map(({ path, message }) => {
    const rest = path.startsWith(prefix) ? path.slice(prefix.length) : "";
    return `${rest.replace(/^\./, "")} ${message}`.trim();
  });
  return `The services would not take it: ${parts.join("; ")}.`;
}
