import { z } from "zod";
import { normalizeAddress } from "./addresses.js";
import { channelKinds, routingDocumentSchema } from "./document.js";
import type { RoutingDocument } from "./document.js";
import type { RoutingProblem } from "./errors.js";

// Read as far as it goes, so that what concerns several entries is reported together with what is wrong inside one.
const outline = z.object({
  agents: z
    .array(
      z
        .object({
          name: z.string().optional().catch(undefined),
          languages: z.array(z.unknown()).optional().catch(undefined),
          tools: z.array(z.unknown()).optional().catch(undefined),
        })
        .catch({}),
    )
    .catch([]),
  channels: z
    .array(
      z
        .object({
          kind: z.enum(channelKinds).optional().catch(undefined),
          address: z.string().optional().catch(undefined),
          agent: z.string().optional().catch(undefined),
          name: z.string().optional().catch(undefined),
        })
        .catch({}),
    )
    .catch([]),
});
type Outline = z.infer<typeof outline>;

/** A document that can be used, or everything that is wrong with it. */
export type Checked =
  | { ok: true; document: RoutingDocument }
  | { ok: false; problems: readonly RoutingProblem[] };

/** Checks a document that was read from YAML. Pure; never throws. */
export function checkDocument(raw: unknown): Checked {
  const parsed = routingDocumentSchema.safeParse(raw);
  const problems = parsed.success
    ? []
    : parsed.error.issues.flatMap(problemsOfIssue);
  const read = outline.safeParse(raw);
  if (read.success) problems.push(...problemsAcross(read.data));
  if (parsed.success && problems.length === 0)
    return { ok: true, document: parsed.data };
  return { ok: false, problems };
}

function problemsAcross(document: Outline): RoutingProblem[] {
  return [
    ...duplicatedAgents(document),
    ...duplicatedListEntries(document),
    ...unknownAgents(document),
    ...sharedAddresses(document),
    ...sharedNames(document),
  ];
}

function duplicatedAgents({ agents }: Outline): RoutingProblem[] {
  return repeats(agents.map((agent) => agent.name)).map(
    ({ index, first, value }) => ({
      path: `agents[${index}].name`,
      message: `the agent ${quote(value)} is already declared at agents[${first}]`,
    }),
  );
}

function duplicatedListEntries({ agents }: Outline): RoutingProblem[] {
  return agents.flatMap((agent, position) =>
    (["languages", "tools"] as const).flatMap((key) =>
      repeats(
        (agent[key] ?? []).map((entry) =>
          typeof entry === "string" ? entry : undefined,
        ),
      ).map(({ index, value }) => ({
        path: `agents[${position}].${key}[${index}]`,
        message: `${quote(value)} is listed twice`,
      })),
    ),
  );
}

function unknownAgents({ agents, channels }: Outline): RoutingProblem[] {
  const names = new Set(agents.map((agent) => agent.name));
  return channels.flatMap(({ agent }, index) =>
    agent === undefined || names.has(agent)
      ? []
      : [
          {
            path: `channels[${index}].agent`,
            message: `no agent is named ${quote(agent)}`,
          },
        ],
  );
}

function sharedAddresses({ channels }: Outline): RoutingProblem[] {
  const addresses = channels.map(({ kind, address }) =>
    kind === undefined || address === undefined
      ? address
      : normalizeAddress(kind, address),
  );
  return repeats(addresses).map(({ index, first, value }) => ({
    path: `channels[${index}].address`,
    message: `${quote(value)} is already the address of channels[${first}]; one address belongs to one channel`,
  }));
}

function sharedNames({ channels }: Outline): RoutingProblem[] {
  return repeats(channels.map((channel) => channel.name)).map(
    ({ index, first, value }) => ({
      path: `channels[${index}].name`,
      message: `${quote(value)} is already the name of channels[${first}]`,
    }),
  );
}

interface Repeat {
  index: number;
  first: number;
  value: string;
}

function repeats(values: readonly (string | undefined)[]): Repeat[] {
  const firsts = new Map<string, number>();
  return values.flatMap((value, index) => {
    if (value === undefined) return [];
    const first = firsts.get(value);
    if (first !== undefined) return [{ index, first, value }];
    firsts.set(value, index);
    return [];
  });
}

function problemsOfIssue(issue: z.core.$ZodIssue): RoutingProblem[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: "is not a known field",
    }));
  return [{ path: pathText(issue.path), message: sentence(issue) }];
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.path.length === 0)
    return "the document must be a mapping with agents and channels";
  return issue.message;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

function quote(value: string): string {
  return JSON.stringify(value);
}
