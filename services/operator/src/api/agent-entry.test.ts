import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { RoutingTable, type Agent as RoutingAgent } from "@easymo/routing";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import {
  agentEntryOf,
  channelAddressOf,
  parseAgent,
  parseChannel,
  type AgentSpec,
} from "./index.js";

const METADATA = {
  namespace: "easymo",
  uid: "8f2c",
  creationTimestamp: "2026-01-02T03:04:05Z",
};
const examples = parseAllDocuments(
  readFileSync(
    new URL(
      "../../../../manifests/agents-and-channels.example.yaml",
      import.meta.url,
    ),
    "utf8",
  ),
).map((document) =>
  z
    .looseObject({
      kind: z.string(),
      metadata: z.looseObject({ name: z.string() }),
    })
    .parse(document.toJS()),
);

function exampleAgent(name: string, change: Record<string, unknown> = {}) {
  const example = examples.find(
    ({ kind, metadata }) => kind === "Agent" && metadata.name === name,
  );
  const parsed = parseAgent({
    ...example,
    metadata: { name, ...METADATA },
    ...change,
  });
  if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
  return parsed.value;
}

/** The agent that services read, when the document has just this entry. */
function routed(entry: ReturnType<typeof agentEntryOf>): RoutingAgent {
  const table = RoutingTable.parse(
    JSON.stringify({ agents: [entry], channels: [] }),
  );
  const agent = table.agents[0];
  if (agent === undefined) throw new Error("no agent");
  return agent;
}

describe("an agent of the routing document, made from a resource", () => {
  test("has every field of the resource", () => {
    const { spec } = exampleAgent("sales");
    const agent = routed(agentEntryOf("sales", spec, undefined));
    expect(agent).toEqual({ name: "sales", ...spec });
  });

  test("and the resource every field of it, but for its name", () => {
    const { spec } = exampleAgent("sales");
    const agent = routed(agentEntryOf("sales", spec, undefined));
    const { name, ...rest } = agent;
    expect(name).toBe("sales");
    expect(Object.keys(spec).sort()).toEqual(Object.keys(rest).sort());
    // The compiler says so when the document grows a field that the resource has not.
    const missing: Exclude<keyof RoutingAgent, keyof AgentSpec | "name">[] = [];
    expect(missing).toEqual([]);
  });

  test("has its instructions from where the resource says they are", () => {
    const { spec } = exampleAgent("support");
    expect(
      routed(agentEntryOf("support", spec, "You help.")).instructions,
    ).toBe("You help.");
  });

  test("has a template's variables by name when they are given so", () => {
    const { spec } = exampleAgent("support");
    const agent = routed(agentEntryOf("support", spec, "You help."));
    expect(agent.whatsapp?.template).toEqual({
      name: "we_will_call",
      language: "en_US",
      parameters: { customer: "{name|friend}" },
    });
  });

  test("is the same as one that the document says nothing of, when the resource says nothing", () => {
    const { spec } = exampleAgent("sales", { spec: {} });
    const table = RoutingTable.parse("agents: [{name: sales}]\nchannels: []");
    expect(routed(agentEntryOf("sales", spec, undefined))).toEqual(
      table.agents[0],
    );
  });
});

describe("a channel's address", () => {
  test("is taken by the routing document for each kind", () => {
    const { spec } = exampleAgent("sales");
    const channels = examples
      .filter(({ kind }) => kind === "Channel")
      .map(({ metadata, ...rest }) => {
        const parsed = parseChannel({
          ...rest,
          metadata: { name: metadata.name, ...METADATA },
        });
        if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
        return channelAddressOf(parsed.value.spec);
      });
    const table = RoutingTable.parse(
      JSON.stringify({
        agents: [agentEntryOf("sales", spec, undefined)],
        channels: channels.map((channel) => ({
          ...channel,
          tenant: "kigali-parts",
          agent: "sales",
        })),
      }),
    );
    expect(table.channels.map(({ address }) => address)).toEqual([
      "+250780000001",
      "106540352242922",
      "sip:desk@kigali.example",
      "sip:kigali.example",
      "+250780000002",
    ]);
  });

  test("is none when an older definition let a spec without one be stored", () => {
    expect(
      channelAddressOf({
        tenant: "kigali-parts",
        agentRef: { name: "sales" },
        suspended: false,
      }),
    ).toBeUndefined();
  });
});

test("what does not fit is told with its place, not thrown", () => {
  expect(
    parseChannel({
      metadata: { name: "a", ...METADATA },
      spec: { tenant: 1, agentRef: { name: "sales" } },
    }),
  ).toEqual({
    ok: false,
    problems: ["spec.tenant: Invalid input: expected string, received number"],
  });
});
