import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stringify } from "yaml";
import {
  defaultInstructions,
  keepToTask,
  RoutingError,
  type RoutingProblem,
  RoutingTable,
} from "./index.js";

const contractDocument = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw, fr, sw]
    greeting: Muraho, you are speaking with the spare parts desk.
    tools: [fetch_lead, log_lead, capture_intent, collect_payment, set_disposition, warm_transfer, register_opt_out]
    turnDetection: {type: server_vad}
    optOut: {phrases: [stop calling me, ntuzongere kumpamagara], dtmf: "9"}
    payment: {region: rw, currency: RWF}
    transfer: {queue: sales, to: "+250788000009"}
channels:
  - {kind: twilio, address: "+250780000001", tenant: kigali-parts, agent: sales}
  - {kind: sip, address: "sip:desk@kigali.example", tenant: kigali-parts, agent: sales}
  - {kind: whatsapp, address: "106540352242922", tenant: kigali-parts, agent: sales}   # phone_number_id
`;

const agent = { name: "sales", instructions: "Help." };
const channel = {
  kind: "twilio",
  address: "+250780000001",
  tenant: "kigali-parts",
  agent: "sales",
};

function problemsOf(document: unknown): readonly RoutingProblem[] {
  return problemsOfText(
    typeof document === "string" ? document : stringify(document),
  );
}

function problemsOfText(yaml: string): readonly RoutingProblem[] {
  try {
    RoutingTable.parse(yaml);
  } catch (error) {
    if (error instanceof RoutingError) return error.problems;
    throw error;
  }
  return [];
}

function pathsOf(document: unknown): string[] {
  return problemsOf(document).map(({ path }) => path);
}

describe("a routing document", () => {
  test("may name the template for people who have not written lately", () => {
    const template = { name: "we_miss_you", language: "en_US" };
    const table = RoutingTable.parse(
      stringify({
        agents: [{ ...agent, whatsapp: { template } }],
        channels: [channel],
      }),
    );
    expect(table.agents[0]?.whatsapp?.template).toEqual(template);
  });

  test.each([
    [["{name|friend}", "{text}"]],
    [["Your order", "for {name|you}: {text|see below}"]],
    [{ customer: "{name|friend}", news: "{text}" }],
  ])("fills a template's variables with %j", (parameters) => {
    const template = { name: "news", language: "en", parameters };
    const table = RoutingTable.parse(
      stringify({
        agents: [{ ...agent, whatsapp: { template } }],
        channels: [channel],
      }),
    );
    expect(table.agents[0]?.whatsapp?.template).toEqual(template);
  });

  test.each([["{nobody}"], ["{name"], ["}"], ["{}"], [""]])(
    "knows no variable %j of a template",
    (parameter) => {
      const template = { name: "n", language: "en", parameters: [parameter] };
      const problems = problemsOf({
        agents: [{ ...agent, whatsapp: { template } }],
        channels: [channel],
      });
      expect(problems).toHaveLength(1);
      expect(problems[0]?.path).toContain("template.parameters");
    },
  );

  test("keeps an agent without instructions to the business's own matters", () => {
    const table = RoutingTable.parse(
      stringify({ agents: [{ name: "sales" }], channels: [channel] }),
    );
    expect(table.agents[0]?.instructions).toBe(defaultInstructions);
    expect(defaultInstructions).toContain(keepToTask);
    expect(keepToTask).toMatch(/no general assistant/);
  });

  test("of the contract is read as it stands", () => {
    const table = RoutingTable.parse(contractDocument);
    expect(table.agents).toEqual([
      {
        name: "sales",
        instructions:
          "You help people in Kigali find and pay for moto spare parts.",
        model: "gpt-realtime",
        voice: "marin",
        languages: ["en", "rw", "fr", "sw"],
        greeting: "Muraho, you are speaking with the spare parts desk.",
        tools: [
          "fetch_lead",
          "log_lead",
          "capture_intent",
          "collect_payment",
          "set_disposition",
          "warm_transfer",
          "register_opt_out",
        ],
        turnDetection: { type: "server_vad" },
        optOut: {
          phrases: ["stop calling me", "ntuzongere kumpamagara"],
          dtmf: "9",
        },
        payment: { region: "rw", currency: "RWF" },
        transfer: { queue: "sales", to: "+250788000009" },
      },
    ]);
    expect(table.channels.map(({ kind }) => kind)).toEqual([
      "twilio",
      "sip",
      "whatsapp",
    ]);
  });

  test("needs no more of an agent than its name and instructions", () => {
    const table = RoutingTable.parse(
      stringify({
        agents: [{ ...agent, languages: ["rw"] }],
        channels: [channel],
      }),
    );
    expect(table.agents[0]).toEqual({
      ...agent,
      model: "gpt-realtime",
      voice: "marin",
      languages: ["rw"],
      greeting: "Muraho, nabafasha iki?",
      tools: [],
      turnDetection: { type: "server_vad" },
      optOut: { phrases: [] },
      payment: { region: "rw", currency: "RWF" },
    });
  });

  test("hands turn detection on in OpenAI's own words", () => {
    const semantic = {
      type: "semantic_vad",
      eagerness: "high",
      interrupt_response: true,
    };
    const server = {
      type: "server_vad",
      threshold: 0.6,
      silence_duration_ms: 400,
      idle_timeout_ms: 6_000,
    };
    const table = RoutingTable.parse(
      stringify({
        agents: [
          { ...agent, name: "a", turnDetection: semantic },
          { ...agent, name: "b", turnDetection: server },
        ],
        channels: [],
      }),
    );
    expect(table.agents.map((one) => one.turnDetection)).toEqual([
      semantic,
      server,
    ]);
  });

  test("may be empty, but must say so", () => {
    expect(problemsOf("agents: []\nchannels: []")).toEqual([]);
    expect(problemsOf("")).toEqual([
      {
        path: "",
        message: "the document must be a mapping with agents and channels",
      },
    ]);
    expect(pathsOf("agents: []")).toEqual(["channels"]);
  });
});

describe("a broken routing document", () => {
  test("is told everything that is wrong with it at once", () => {
    const problems = problemsOf({
      agents: [
        { ...agent, tools: ["fetch_lead", "fly"], colour: "blue" },
        { ...agent, optOut: { dtmf: "99" } },
        { name: "Bad Name", instructions: "" },
      ],
      channels: [
        { ...channel, address: "0780000001" },
        { ...channel, agent: "nobody" },
        channel,
        { ...channel, kind: "sip", address: "desk@kigali.example" },
        { ...channel, kind: "fax" },
      ],
      extra: true,
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "agents[0].colour",
      "agents[0].tools[1]",
      "agents[1].name",
      "agents[1].optOut.dtmf",
      "agents[2].instructions",
      "agents[2].name",
      "channels[0].address",
      "channels[1].agent",
      "channels[2].address",
      "channels[3].address",
      "channels[4].address",
      "channels[4].kind",
      "extra",
    ]);
    for (const { message } of problems) expect(message).toMatch(/^.{8,}$/);
  });

  test.each([
    ["address in other words", { ...channel, address: "+250 780 000 001" }],
    ["impossible number", { ...channel, address: "+2507" }],
    ["SIP address for Twilio", { ...channel, address: "sip:a@b.example" }],
    [
      "phone number for WhatsApp's id",
      { ...channel, kind: "whatsapp", address: "+250780000001" },
    ],
  ])("has no %s", (_what, broken) => {
    expect(pathsOf({ agents: [agent], channels: [broken] })).toEqual([
      "channels[0].address",
    ]);
  });

  test("tells who forgot the quotes of a number, and what to do", () => {
    const problems = problemsOf(`
agents: [{name: sales, instructions: Help., optOut: {dtmf: 9}}]
channels:
  - {kind: twilio, address: +250780000001, tenant: t, agent: sales}
  - {kind: whatsapp, address: 106540352242922, tenant: t, agent: sales}
`);
    expect(problems.map(({ path }) => path)).toEqual([
      "agents[0].optOut.dtmf",
      "channels[0].address",
      "channels[1].address",
    ]);
    for (const { message } of problems) expect(message).toContain("in quotes");
  });

  test("is one where an address belongs to two channels, however it is spelt", () => {
    const sip = { ...channel, kind: "sip" };
    const problems = problemsOf({
      agents: [agent],
      channels: [
        { ...sip, address: "sip:desk@Kigali.Example" },
        {
          ...sip,
          address: "SIP:desk@kigali.example;transport=tcp",
          tenant: "other",
        },
      ],
    });
    expect(problems).toEqual([
      {
        path: "channels[1].address",
        message:
          '"sip:desk@kigali.example" is already the address of channels[0]; one address belongs to one channel',
      },
    ]);
  });

  test.each([
    ["the reserved key", { optOut: { dtmf: "*" } }, "agents[0].optOut.dtmf"],
    ["a tool twice", { tools: ["log_lead", "log_lead"] }, "agents[0].tools[1]"],
    ["no language", { languages: [] }, "agents[0].languages"],
    ["a language twice", { languages: ["en", "en"] }, "agents[0].languages[1]"],
    [
      "dollars by MoMo",
      { payment: { region: "rw", currency: "USD" } },
      "agents[0].payment.currency",
    ],
    [
      "a country that is none",
      { payment: { region: "xx", currency: "EUR" } },
      "agents[0].payment.region",
    ],
    [
      "a merchant that is no code",
      { payment: { region: "rw", currency: "RWF", merchant: "*1#" } },
      "agents[0].payment.merchant",
    ],
    [
      "a template that Meta cannot have",
      { whatsapp: { template: { name: "We miss you", language: "en" } } },
      "agents[0].whatsapp.template.name",
    ],
    [
      "a template without a language",
      { whatsapp: { template: { name: "we_miss_you" } } },
      "agents[0].whatsapp.template.language",
    ],
    [
      "a transfer to nowhere",
      { transfer: { queue: "sales", to: "desk" } },
      "agents[0].transfer.to",
    ],
    [
      "unknown turn detection",
      { turnDetection: { type: "push_to_talk" } },
      "agents[0].turnDetection.type",
    ],
    [
      "an option of the other turn detection",
      { turnDetection: { type: "server_vad", eagerness: "low" } },
      "agents[0].turnDetection.eagerness",
    ],
    ["an empty greeting", { greeting: "  " }, "agents[0].greeting"],
  ])("has %s", (_what, part, path) => {
    expect(pathsOf({ agents: [{ ...agent, ...part }], channels: [] })).toEqual([
      path,
    ]);
  });

  test.each([
    ["bad indentation", "agents:\n - a\n  b: ["],
    ["a key twice", "agents: []\nagents: []\nchannels: []"],
    ["an alias of nothing", "agents: *nowhere\nchannels: []"],
    ["two documents", "agents: []\nchannels: []\n---\nagents: []"],
    ["JavaScript's own words", "agents: []\nchannels: []\n__proto__: {a: 1}"],
  ])("with %s is refused", (_what, yaml) => {
    expect(problemsOfText(yaml)).not.toEqual([]);
  });

  test("is refused quickly when its aliases explode", () => {
    const bomb = [
      "a: &a [x, x, x, x, x, x, x, x, x]",
      ..."bcdefghi"
        .split("")
        .map(
          (name, index) =>
            `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh".charAt(index)}`).join(", ")}]`,
        ),
      "agents: []",
      "channels: []",
    ].join("\n");
    expect(problemsOfText(bomb)).not.toEqual([]);
  });

  test("never makes anything but a RoutingError, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc
            .record(
              { agents: fc.anything(), channels: fc.anything() },
              { requiredKeys: [] },
            )
            .map((value) => JSON.stringify(value)),
        ),
        (yaml) => {
          for (const { message } of problemsOfText(yaml))
            expect(message).not.toBe("");
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("an agent's limits and a channel's name", () => {
  test("are taken as they are, and are nothing when they are left out", () => {
    const limits = { calls: 5, callSeconds: 600, tokensPerDay: 1_000_000 };
    const table = RoutingTable.parse(
      stringify({
        agents: [{ ...agent, limits }],
        channels: [{ ...channel, name: "production/parts-desk" }],
      }),
    );
    expect(table.agents[0]?.limits).toEqual(limits);
    expect(table.channels[0]?.name).toBe("production/parts-desk");
    const plain = RoutingTable.parse(
      stringify({ agents: [agent], channels: [channel] }),
    );
    expect(plain.agents[0]?.limits).toBeUndefined();
    expect(plain.channels[0]?.name).toBeUndefined();
  });

  test.each([
    ["no calls at all", { calls: 0 }, "agents[0].limits.calls"],
    ["half a call", { calls: 1.5 }, "agents[0].limits.calls"],
    ["a call too short", { callSeconds: 5 }, "agents[0].limits.callSeconds"],
    ["no tokens", { tokensPerDay: 0 }, "agents[0].limits.tokensPerDay"],
    ["another limit", { minutes: 3 }, "agents[0].limits.minutes"],
  ])("cannot be %s", (_what, limits, path) => {
    expect(pathsOf({ agents: [{ ...agent, limits }], channels: [] })).toEqual([
      path,
    ]);
  });

  test.each(["+250780000001", "Parts Desk", "a/b/c", "-desk", ""])(
    "has no channel named %j",
    (name) => {
      expect(
        pathsOf({ agents: [agent], channels: [{ ...channel, name }] }),
      ).toEqual(["channels[0].name"]);
    },
  );

  test("a name belongs to one channel", () => {
    expect(
      problemsOf({
        agents: [agent],
        channels: [
          { ...channel, name: "desk" },
          { ...channel, address: "+250780000002", name: "desk" },
        ],
      }),
    ).toEqual([
      {
        path: "channels[1].name",
        message: '"desk" is already the name of channels[0]',
      },
    ]);
  });
});

describe("a SIP trunk", () => {
  const agents = [agent, { ...agent, name: "desk" }];
  const sip = { ...channel, kind: "sip" };
  const trunks = RoutingTable.parse(
    stringify({
      agents,
      channels: [
        { ...sip, address: "sip:Kigali.example" },
        { ...sip, address: "sip:desk@kigali.example", agent: "desk" },
        { ...sip, address: "sips:[2001:DB8::1]:5061;transport=tls" },
      ],
    }),
  );

  test("takes everybody at its host who has no channel of their own", () => {
    expect(trunks.find("sip", "sip:desk@kigali.example")?.agent.name).toBe(
      "desk",
    );
    for (const address of [
      "sip:anybody@kigali.example",
      '"A" <sip:+250780000001@KIGALI.example;user=phone>;tag=1',
      "sip:kigali.example",
    ])
      expect([address, trunks.find("sip", address)?.agent.name]).toEqual([
        address,
        "sales",
      ]);
    expect(trunks.find("sip", "sips:x@[2001:db8::1]:5061")?.agent.name).toBe(
      "sales",
    );
  });

  test("is another one at another port, host or kind", () => {
    for (const address of [
      "sip:anybody@kigali.example:5070",
      "sip:anybody@other.kigali.example",
      "sips:anybody@kigali.example",
      "kigali.example",
    ])
      expect([address, trunks.find("sip", address)]).toEqual([
        address,
        undefined,
      ]);
    expect(trunks.find("twilio", "sip:x@kigali.example")).toBeUndefined();
  });

  test("can be asked for apart from the exact address", () => {
    const given = "sip:desk@kigali.example";
    expect(trunks.findExact("sip", given)?.agent.name).toBe("desk");
    expect(trunks.findTrunk(given)?.agent.name).toBe("sales");
    expect(
      trunks.findExact("sip", "sip:anybody@kigali.example"),
    ).toBeUndefined();
  });

  test("belongs to one channel, however it is spelt", () => {
    expect(
      pathsOf({
        agents,
        channels: [
          { ...sip, address: "sip:kigali.example" },
          { ...sip, address: "SIP:KIGALI.example;transport=tcp" },
        ],
      }),
    ).toEqual(["channels[1].address"]);
  });
});

describe("looking an address up", () => {
  const table = RoutingTable.parse(contractDocument);

  test("gives the channel, its agent and its tenant", () => {
    expect(table.find("twilio", "+250780000001")).toEqual({
      tenantId: "kigali-parts",
      channel: {
        kind: "twilio",
        address: "+250780000001",
        tenant: "kigali-parts",
        agent: "sales",
      },
      agent: table.agents[0],
    });
  });

  test.each([
    "sip:desk@kigali.example",
    "<sip:desk@kigali.example;transport=tls>",
    '"The desk" <SIP:desk@KIGALI.example>;tag=1928301774',
  ])("finds a SIP address written %s", (address) => {
    expect(table.find("sip", address)?.agent.name).toBe("sales");
  });

  test("reads a document that is JSON as the same in YAML, and says what is wrong with one that is none", () => {
    const document = { agents: [agent], channels: [channel] };
    const read = RoutingTable.parse(JSON.stringify(document));
    expect(read).toEqual(RoutingTable.parse(stringify(document)));
    expect(read.find("twilio", "+250780000001")?.agent.name).toBe("sales");
    expect(problemsOfText('{"agents": [}')[0]?.message).toContain("not YAML");
    expect(problemsOfText('{"agents": []}')).toContainEqual({
      path: "channels",
      message: expect.any(String),
    });
  });

  test("tells apart what is not the same", () => {
    expect(table.find("sip", "sip:Desk@kigali.example")).toBeUndefined();
    expect(table.find("sip", "sip:desk@kigali.example:5070")).toBeUndefined();
    expect(table.find("whatsapp", "+250780000001")).toBeUndefined();
    expect(table.find("twilio", "+250780000002")).toBeUndefined();
  });

  test("finds every channel of any valid document, and no other tenant's agents", () => {
    const tenants = fc.constantFrom("alpha", "beta");
    const agents = fc.constantFrom("sales", "care");
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({
            number: fc.integer({ min: 780_000_000, max: 789_999_999 }),
            tenant: tenants,
            agent: agents,
          }),
          { selector: ({ number }) => number, maxLength: 20 },
        ),
        (entries) => {
          const channels = entries.map(({ number, ...owner }) => ({
            kind: "twilio",
            address: `+250${number}`,
            ...owner,
          }));
          const random = RoutingTable.parse(
            stringify({
              agents: [
                { ...agent, name: "sales" },
                { ...agent, name: "care" },
              ],
              channels,
            }),
          );
          for (const one of channels) {
            const route = random.find("twilio", one.address);
            expect(route?.tenantId).toBe(one.tenant);
            expect(route?.agent.name).toBe(one.agent);
          }
          for (const tenant of ["alpha", "beta"])
            for (const name of ["sales", "care"]) {
              const own = channels.filter(
                (one) => one.tenant === tenant && one.agent === name,
              );
              expect(random.findAgent(tenant, name)?.name).toBe(
                own.length > 0 ? name : undefined,
              );
              expect(random.outboundAddress(tenant, name)?.address).toBe(
                own[0]?.address,
              );
            }
        },
      ),
      { numRuns: 100 },
    );
  });
});
