import { describe, expect, test } from "@jest/globals";
import { RoutingTable } from "@easymo/routing";
import fc from "fast-check";
import type { Agent, Channel } from "../api/index.js";
import { agentForTest, channelForTest } from "../testing/resources.js";
import { decideRouting, RoutingCompiler, type RoutingInput } from "./decide.js";

const older = "2026-01-01T00:00:00Z";
const newer = "2026-01-02T00:00:00Z";

function input(given: Partial<RoutingInput> = {}): RoutingInput {
  return {
    agents: [agentForTest()],
    channels: [channelForTest()],
    instructions: () => ({ kind: "no_config_map" }),
    releaseNamespace: "easymo",
    inForce: undefined,
    maxBytes: 900 * 1_024,
    ...given,
  };
}

describe("the routing document", () => {
  test("has each agent and channel, under the names that the services know them by", () => {
    const decision = decideRouting(
      input({
        agents: [
          agentForTest({}, { instructions: "Sell.", limits: { calls: 3 } }),
          agentForTest({ namespace: "musanze", name: "care" }),
        ],
        channels: [
          channelForTest(),
          channelForTest(
            { name: "sip" },
            { sip: { uri: "SIP:a@Kigali.example;x=y" } },
          ),
          channelForTest(
            { name: "trunk" },
            { sip: { trunk: "Kigali.example" } },
          ),
          channelForTest(
            { namespace: "musanze", name: "bot" },
            {
              whatsapp: { phoneNumberId: "106540352242922" },
              agentRef: { name: "care" },
              tenant: "musanze",
            },
          ),
        ],
      }),
    );
    const table = RoutingTable.parse(decision.text);
    expect(table.find("twilio", "+250780000001")).toMatchObject({
      tenantId: "kigali-parts",
      agent: { name: "sales", instructions: "Sell.", limits: { calls: 3 } },
      channel: { name: "easymo/desk" },
    });
    expect(table.find("sip", "sip:a@kigali.example")?.channel.name).toBe(
      "easymo/sip",
    );
    expect(table.find("sip", "sip:b@kigali.example")?.channel.name).toBe(
      "easymo/trunk",
    );
    expect(table.find("whatsapp", "106540352242922")).toMatchObject({
      tenantId: "musanze",
      agent: { name: "musanze.care" },
    });
    expect(decision.agents.get("musanze/care")).toMatchObject({
      accepted: true,
      channels: 1,
      configurationHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(decision.channels.get("easymo/sip")?.address).toBe(
      "sip:a@kigali.example",
    );
  });

  test("without any resource is one that the services take", () => {
    const { text } = decideRouting(input({ agents: [], channels: [] }));
    expect(RoutingTable.parse(text).channels).toEqual([]);
  });

  test("has an agent's numbers in the order of their age: calls go out from the oldest", () => {
    const number = (name: string, digits: string, creationTimestamp: string) =>
      channelForTest(
        { name, creationTimestamp },
        { twilio: { number: `+25078000000${digits}` } },
      );
    const { text } = decideRouting(
      input({ channels: [number("a", "1", newer), number("b", "2", older)] }),
    );
    expect(
      RoutingTable.parse(text).outboundAddress("kigali-parts", "sales")
        ?.address,
    ).toBe("+250780000002");
  });
});

describe("an address on two channels", () => {
  const first = channelForTest({ name: "first", creationTimestamp: older });

  test("stays with the older, and the newer names it", () => {
    const second = channelForTest({ name: "second", creationTimestamp: newer });
    const { channels, text } = decideRouting(
      input({ channels: [second, first] }),
    );
    expect(channels.get("easymo/first")?.reason).toBe("Accepted");
    expect(channels.get("easymo/second")).toEqual({
      accepted: false,
      reason: "AddressInUse",
      address: "+250780000001",
      message:
        "+250780000001 is already the address of the Channel first, which is older: delete one of the two, or give this one another address.",
    });
    expect(RoutingTable.parse(text).channels).toHaveLength(1);
  });

  test("of the same second stays with the lesser unique id", () => {
    const twin = (name: string, uid: string) =>
      channelForTest({ name, uid, creationTimestamp: older });
    const { channels } = decideRouting(
      input({ channels: [twin("a", "2"), twin("b", "1")] }),
    );
    expect(channels.get("easymo/a")?.reason).toBe("AddressInUse");
    expect(channels.get("easymo/b")?.reason).toBe("Accepted");
  });

  test("in another namespace is named with it", () => {
    const second = channelForTest({
      namespace: "musanze",
      creationTimestamp: newer,
    });
    const { channels } = decideRouting(input({ channels: [second, first] }));
    expect(channels.get("musanze/desk")?.message).toContain("easymo/first");
  });

  test("is given up by one that is on its way out, and not by one that is suspended", () => {
    const second = channelForTest({ name: "second", creationTimestamp: newer });
    const leaving = channelForTest({
      name: "first",
      deletionTimestamp: newer,
      finalizers: ["bridges.easymo.dev/provider"],
    });
    const handed = decideRouting(input({ channels: [leaving, second] }));
    expect(handed.channels.get("easymo/second")?.reason).toBe("Accepted");
    expect(handed.channels.has("easymo/first")).toBe(false);
    const suspended = channelForTest({ name: "first" }, { suspended: true });
    const kept = decideRouting(input({ channels: [suspended, second] }));
    expect(kept.channels.get("easymo/second")?.reason).toBe("AddressInUse");
    expect(RoutingTable.parse(kept.text).channels).toEqual([]);
  });

  test("is found however a SIP address is spelt", () => {
    const sip = (name: string, uri: string, creationTimestamp: string) =>
      channelForTest({ name, creationTimestamp }, { sip: { uri } });
    const { channels } = decideRouting(
      input({
        channels: [
          sip("a", "sip:desk@kigali.example", older),
          sip("b", "SIP:desk@Kigali.Example;transport=tls", newer),
        ],
      }),
    );
    expect(channels.get("easymo/b")?.reason).toBe("AddressInUse");
  });
});

describe("what cannot be", () => {
  test("a channel whose agent is not there says so, until it is", () => {
    const missing = decideRouting(input({ agents: [] }));
    expect(missing.channels.get("easymo/desk")).toMatchObject({
      accepted: false,
      reason: "AgentNotFound",
      message:
        "There is no Agent sales in namespace easymo: apply it, or name another in spec.agentRef.",
    });
    const elsewhere = agentForTest({ namespace: "musanze" });
    expect(
      decideRouting(input({ agents: [elsewhere] })).channels.get("easymo/desk")
        ?.reason,
    ).toBe("AgentNotFound");
  });

  test("one bad agent is left out with what is wrong, and harms nobody else", () => {
    const bad = agentForTest(
      { name: "bad" },
      { payment: { region: "zz", currency: "XXZ" } },
    );
    const { agents, channels, text } = decideRouting(
      input({
        agents: [agentForTest(), bad],
        channels: [
          channelForTest(),
          channelForTest(
            { name: "other" },
            {
              twilio: { number: "+250780000002" },
              agentRef: { name: "bad" },
            },
          ),
        ],
      }),
    );
    expect(agents.get("easymo/bad")).toMatchObject({
      accepted: false,
      reason: "Invalid",
      channels: 0,
    });
    expect(agents.get("easymo/bad")?.message).toContain(
      "payment.region must be a country's two letters",
    );
    expect(channels.get("easymo/other")?.reason).toBe("AgentInvalid");
    expect(channels.get("easymo/other")?.message).toContain("payment.region");
    const table = RoutingTable.parse(text);
    expect(table.agents.map(({ name }) => name)).toEqual(["sales"]);
    expect(table.channels).toHaveLength(1);
  });

  test("a number that no carrier would have", () => {
    const { channels } = decideRouting(
      input({
        channels: [channelForTest({}, { twilio: { number: "+2507" } })],
      }),
    );
    expect(channels.get("easymo/desk")).toMatchObject({
      accepted: false,
      reason: "Invalid",
      address: undefined,
    });
  });

  test("an agent whose name does not fit once its namespace is before it", () => {
    const { agents } = decideRouting(
      input({
        agents: [
          agentForTest({ namespace: "n".repeat(40), name: "a".repeat(30) }),
        ],
      }),
    );
    expect([...agents.values()][0]?.reason).toBe("NameTooLong");
  });

  test("two agents that the services could not tell apart", () => {
    const { agents, text } = decideRouting(
      input({
        agents: [
          agentForTest({ name: "musanze.care", creationTimestamp: newer }),
          agentForTest({ namespace: "musanze", name: "care" }),
        ],
        channels: [],
      }),
    );
    expect(agents.get("easymo/musanze.care")).toMatchObject({
      accepted: false,
      reason: "NameInUse",
    });
    expect(RoutingTable.parse(text).agents).toHaveLength(1);
  });
});

describe("instructions in a ConfigMap", () => {
  const agent = agentForTest(
    {},
    { instructionsFrom: { configMapKeyRef: { name: "words", key: "sales" } } },
  );

  test("are in the document, and a change of them is another configuration", () => {
    const compiler = new RoutingCompiler();
    const said = (text: string) =>
      compiler.decide(
        input({
          agents: [agent],
          instructions: () => ({ kind: "text", text }),
        }),
      );
    const before = said("Sell parts.");
    expect(RoutingTable.parse(before.text).agents[0]?.instructions).toBe(
      "Sell parts.",
    );
    const after = said("Sell tyres.");
    expect(RoutingTable.parse(after.text).agents[0]?.instructions).toBe(
      "Sell tyres.",
    );
    expect(after.agents.get("easymo/sales")?.configurationHash).not.toBe(
      before.agents.get("easymo/sales")?.configurationHash,
    );
  });

  test.each([
    ["no_config_map", "There is no ConfigMap words in namespace easymo"],
    ["no_key", "The ConfigMap words has no key sales"],
  ] as const)("that are missing are told (%s)", (kind, message) => {
    const { agents, channels } = decideRouting(
      input({ agents: [agent], instructions: () => ({ kind }) }),
    );
    expect(agents.get("easymo/sales")).toMatchObject({
      reason: "InstructionsMissing",
      message: expect.stringContaining(message),
    });
    expect(channels.get("easymo/desk")?.reason).toBe("AgentInvalid");
  });
});

describe("a document that would not fit", () => {
  const second = channelForTest(
    { name: "second", creationTimestamp: newer },
    { twilio: { number: "+250780000002" } },
  );

  test("leaves the last one in force, and says so on what is left out", () => {
    const before = decideRouting(input());
    const decision = decideRouting(
      input({
        channels: [channelForTest(), second],
        inForce: before.text,
        maxBytes: before.text.length + 10,
      }),
    );
    expect(decision.text).toBe(before.text);
    expect(decision.hash).toBe(before.hash);
    expect(decision.channels.get("easymo/desk")?.reason).toBe("Accepted");
    expect(decision.channels.get("easymo/second")).toMatchObject({
      accepted: false,
      reason: "RoutingTooLarge",
    });
    expect(decision.agents.get("easymo/sales")).toMatchObject({
      accepted: true,
      channels: 1,
    });
  });

  test("is an empty one when there was none before", () => {
    const decision = decideRouting(input({ maxBytes: 100 }));
    expect(RoutingTable.parse(decision.text).channels).toEqual([]);
    expect(decision.agents.get("easymo/sales")?.reason).toBe("RoutingTooLarge");
  });
});

describe("whatever the resources are", () => {
  const names = fc.constantFrom("a", "b", "b.a", "long".repeat(15));
  const namespaces = fc.constantFrom("easymo", "b", "musanze");
  const times = fc.constantFrom(older, newer);
  const words = fc.oneof(
    fc.constantFrom("Help.", " ", '"quoted"\n# not a comment', "\u2028 {x}"),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const agents: fc.Arbitrary<Agent[]> = fc
    .uniqueArray(
      fc.record({
        name: names,
        namespace: namespaces,
        creationTimestamp: times,
        spec: fc.oneof(
          fc.record({ instructions: words }),
          fc.record({ greeting: words }),
          fc.constant({ payment: { region: "zz", currency: "???" } }),
          fc.constant({
            instructionsFrom: { configMapKeyRef: { name: "w", key: "k" } },
          }),
        ),
      }),
      {
        selector: ({ name, namespace }) => `${namespace}/${name}`,
        maxLength: 8,
      },
    )
    .map((made) =>
      made.map(({ spec, ...metadata }) => agentForTest(metadata, spec)),
    );
  const channels: fc.Arbitrary<Channel[]> = fc
    .uniqueArray(
      fc.record({
        metadata: fc.record({
          name: fc.stringMatching(/^[a-z]{1,3}$/),
          namespace: namespaces,
          creationTimestamp: times,
        }),
        suspended: fc.boolean(),
        agentRef: fc.record({ name: names }),
        address: fc.constantFrom(
          { twilio: { number: "+250780000001" } },
          { twilio: { number: "+250780000002" } },
          { twilio: { number: "+1" } },
          { sip: { uri: "sip:a@b.example" } },
          { sip: { uri: "SIP:a@B.example;x=y" } },
          { sip: { trunk: "B.example" } },
          { whatsapp: { phoneNumberId: "12345" } },
        ),
      }),
      {
        selector: ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
        maxLength: 20,
      },
    )
    .map((made) =>
      made.map(({ metadata, address, ...spec }) =>
        channelForTest(metadata, { ...spec, ...address }),
      ),
    );
  const resources = fc.record({
    agents,
    channels,
    found: fc.constantFrom(
      { kind: "text", text: "From a ConfigMap." } as const,
      { kind: "no_key" } as const,
    ),
    maxBytes: fc.constantFrom(200, 1_000, 900 * 1_024),
  });

  test("the services take the document, and each address is in it once", () => {
    fc.assert(
      fc.property(resources, ({ found, ...given }) => {
        const decision = decideRouting(
          input({ ...given, instructions: () => found }),
        );
        const table = RoutingTable.parse(decision.text);
        const addresses = table.channels.map(({ address }) => address);
        expect(new Set(addresses).size).toBe(addresses.length);
        const accepted = [...decision.channels.values()].filter(
          (verdict) => verdict.accepted,
        );
        expect(accepted.map(({ address }) => address).sort()).toEqual(
          addresses.sort(),
        );
        expect(decision.channels.size).toBe(given.channels.length);
        expect(decision.agents.size).toBe(given.agents.length);
        for (const { message } of decision.channels.values())
          expect(message).toMatch(/\.$/);
      }),
      { numRuns: 150 },
    );
  });

  test("the order in which they come makes no difference", () => {
    fc.assert(
      fc.property(
        resources,
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        (made, places) => {
          const { found, ...given } = made;
          const shuffled = <T>(items: readonly T[]): T[] =>
            items
              .map((item, index) => ({ item, at: places[index] ?? 0 }))
              .sort((a, b) => a.at - b.at)
              .map(({ item }) => item);
          const one = decideRouting(
            input({ ...given, instructions: () => found }),
          );
          const other = decideRouting(
            input({
              ...given,
              agents: shuffled(given.agents),
              channels: shuffled(given.channels),
              instructions: () => found,
            }),
          );
          expect(other.text).toBe(one.text);
          expect(other.hash).toBe(one.hash);
          expect(new Map(other.channels)).toEqual(new Map(one.channels));
          expect(new Map(other.agents)).toEqual(new Map(one.agents));
        },
      ),
      { numRuns: 100 },
    );
  });

  test("what is remembered of them makes no difference", () => {
    const compiler = new RoutingCompiler();
    let generation = 0;
    fc.assert(
      fc.property(resources, ({ found, ...given }) => {
        generation += 1;
        const changed = {
          agents: given.agents.map((agent) => ({
            ...agent,
            metadata: { ...agent.metadata, generation },
          })),
          channels: given.channels.map((channel) => ({
            ...channel,
            metadata: { ...channel.metadata, generation },
          })),
        };
        const whole = input({
          ...given,
          ...changed,
          instructions: () => found,
        });
        const fresh = decideRouting(whole);
        expect(compiler.decide(whole)).toEqual(fresh);
        expect(compiler.decide(whole)).toEqual(fresh);
      }),
      { numRuns: 100 },
    );
  });
});
