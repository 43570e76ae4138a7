import { fileURLToPath } from "node:url";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  jest,
  test,
} from "@jest/globals";
import { startApiServer, type ApiServer } from "@easymo/testbed";
import { z } from "zod";
import { routingHashAnnotation } from "../api/index.js";
import { Bench, eventually, type ComposeParts } from "../testing/bench.js";
import { composeRouting } from "./compose.js";

const crds = fileURLToPath(
  new URL("../../../../charts/operator/crds", import.meta.url),
);
const number = "+250780000001";
const desk = {
  tenant: "kigali-parts",
  agentRef: { name: "sales" },
  twilio: { number },
};
const compose: ComposeParts = (deps) => [
  composeRouting(deps, {
    namespace: deps.namespace,
    watchNamespace: deps.namespace,
    releaseName: "easymo",
    configMapName: "easymo-routing",
    resyncMs: 300_000,
  }),
];

// A busy machine is no failure.
jest.setTimeout(300_000);

let server: ApiServer;
const benches: Bench[] = [];

beforeAll(async () => {
  server = await startApiServer({ manifests: [crds] });
});

afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

afterAll(async () => {
  await server.close();
});

async function bench(): Promise<Bench> {
  const started = await Bench.start(server, compose);
  benches.push(started);
  return started;
}

async function benchWithDesk(): Promise<Bench> {
  const started = await bench();
  await started.apply("Agent", "sales", { instructions: "Sell parts." });
  await started.until("Agent", "sales", "Ready", {
    status: "True",
    reason: "Ready",
  });
  await started.apply("Channel", "desk", desk);
  await started.until("Channel", "desk", "Accepted", {
    status: "True",
    reason: "Accepted",
  });
  await started.untilRouted(number, "sales");
  return started;
}

describe("routing on a real API server", () => {
  test("an Agent and a Channel are answered on, and say so", async () => {
    const { routing, ...at } = await told(await benchWithDesk());
    expect(at.channel).toMatchObject({
      observedGeneration: 1,
      address: number,
    });
    expect(at.agent).toMatchObject({ observedGeneration: 1, channels: 1 });
    expect(routing.table.find("twilio", number)).toMatchObject({
      tenantId: "kigali-parts",
      agent: { name: "sales", instructions: "Sell parts." },
    });
  });

  test("changed words, another number and a deletion are taken up", async () => {
    const here = await benchWithDesk();
    const before = await told(here);
    await here.apply("Agent", "sales", { instructions: "Sell tyres." });
    await eventually(async () => {
      const { table } = await here.routing();
      return table.agents[0]?.instructions === "Sell tyres.";
    });
    await here.until("Agent", "sales", "Ready", {
      status: "True",
      reason: "Ready",
    });
    const after = await told(here);
    expect(after.agent?.configurationHash).not.toBe(
      before.agent?.configurationHash,
    );
    await here.apply("Channel", "desk", {
      ...desk,
      twilio: { number: "+250780000002" },
    });
    await here.untilRouted("+250780000002", "sales");
    await here.untilRouted(number, undefined);
    await here.remove("Channel", "desk");
    await here.untilRouted("+250780000002", undefined);
    await eventually(
      async () => (await here.agent("sales")).status?.channels === 0,
    );
  });

  test("a Channel that takes another's address waits until that one is gone", async () => {
    const here = await benchWithDesk();
    await here.untilOlder("desk");
    await here.apply("Channel", "newcomer", desk);
    const refused = await here.until("Channel", "newcomer", "Accepted", {
      status: "False",
      reason: "AddressInUse",
    });
    expect(refused.message).toContain("the Channel desk, which is older");
    const said = await here.untilEvent("Channel", "newcomer", "AddressInUse");
    expect(said).toMatchObject({ type: "Warning", note: refused.message });
    await here.remove("Channel", "desk");
    await here.until("Channel", "newcomer", "Accepted", {
      status: "True",
      reason: "Accepted",
    });
    const { table } = await here.routing();
    expect(table.find("twilio", number)?.channel.name).toBe(
      `${here.namespace}/newcomer`,
    );
  });

  test("a Channel whose Agent is missing waits for it", async () => {
    const here = await bench();
    await here.apply("Channel", "desk", desk);
    await here.until("Channel", "desk", "Accepted", {
      status: "False",
      reason: "AgentNotFound",
    });
    await here.untilEvent("Channel", "desk", "AgentNotFound");
    await here.apply("Agent", "sales", {});
    await here.untilRouted(number, "sales");
    await here.until("Channel", "desk", "Accepted", {
      status: "True",
      reason: "Accepted",
    });
  });

  test("a suspended Channel is left out until it is resumed", async () => {
    const here = await benchWithDesk();
    await here.patchResource("Channel", "desk", { spec: { suspended: true } });
    await here.untilRouted(number, undefined);
    await here.until("Channel", "desk", "Accepted", {
      status: "False",
      reason: "Suspended",
    });
    await here.patchResource("Channel", "desk", { spec: { suspended: false } });
    await here.untilRouted(number, "sales");
  });

  test("one Agent that the services would not take harms nobody", async () => {
    const here = await benchWithDesk();
    await here.apply("Agent", "odd", {
      payment: { region: "zz", currency: "RWF" },
    });
    const { message } = await here.until("Agent", "odd", "Ready", {
      status: "False",
      reason: "Invalid",
    });
    expect(message).toContain("payment.region");
    const { table } = await here.routing();
    expect(table.find("twilio", number)?.agent.name).toBe("sales");
  });

  test("words in a ConfigMap are followed", async () => {
    const here = await benchWithDesk();
    await here.apply("Agent", "sales", {
      instructionsFrom: { configMapKeyRef: { name: "words", key: "sales" } },
    });
    await here.until("Agent", "sales", "Accepted", {
      status: "False",
      reason: "InstructionsMissing",
    });
    const said = async (words: string) =>
      eventually(async () => {
        const { table } = await here.routing();
        return table.agents[0]?.instructions === words;
      });
    await here.create("configmaps", {
      metadata: { name: "words" },
      data: { sales: "From the ConfigMap." },
    });
    await said("From the ConfigMap.");
    await here.patch("configmaps/words", { data: { sales: "Other words." } });
    await said("Other words.");
    await here.until("Agent", "sales", "Accepted", {
      status: "True",
      reason: "Accepted",
    });
  });

  test("a routing document that was changed or deleted by hand is put right", async () => {
    const here = await benchWithDesk();
    await here.patch("configmaps/easymo-routing", {
      data: { "routing.yaml": "agents: []\nchannels: []\n" },
    });
    await here.untilRouted(number, "sales");
    const said = await here.untilEvent(
      "ConfigMap",
      "easymo-routing",
      "RoutingPutRight",
    );
    expect(said.type).toBe("Warning");
    await here.removeCore("configmaps/easymo-routing");
    await here.untilRouted(number, "sales");
  });

  test("pods that mount the document are told of it at once, and others are left alone", async () => {
    const here = await benchWithDesk();
    const release = { "app.kubernetes.io/instance": "easymo" };
    await here.create("pods", pod("voice", release, "easymo-routing"));
    await here.create("pods", pod("other", release, "something-else"));
    await here.create("pods", pod("foreign", {}, "easymo-routing"));
    const toldHash = async (name: string): Promise<string | undefined> =>
      annotated.parse(await here.core(`pods/${name}`)).metadata.annotations[
        routingHashAnnotation
      ];
    const isToldNow = async (): Promise<boolean> => {
      const { annotations } = await here.routing();
      const hash = annotations[routingHashAnnotation];
      return hash !== undefined && (await toldHash("voice")) === hash;
    };
    await eventually(isToldNow);
    const before = await toldHash("voice");
    await here.apply("Agent", "sales", { instructions: "Sell tyres." });
    await eventually(
      async () => (await isToldNow()) && (await toldHash("voice")) !== before,
    );
    expect(await toldHash("other")).toBeUndefined();
    expect(await toldHash("foreign")).toBeUndefined();
  });

  test("what has not changed is not written, not even by a new operator", async () => {
    const here = await benchWithDesk();
    await here.stopOperator();
    const before = await told(here);
    await here.startOperator(compose);
    await here.apply("Channel", "second", {
      ...desk,
      twilio: { number: "+250780000009" },
    });
    await here.until("Channel", "second", "Accepted", {
      status: "True",
      reason: "Accepted",
    });
    expect((await here.channel("desk")).metadata.resourceVersion).toBe(
      before.version,
    );
    const kinds = (await here.events("Channel", "desk")).map(
      ({ reason }) => reason,
    );
    expect(kinds).toEqual(["Accepted"]);
  });
});

const annotated = z.object({
  metadata: z.object({
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});

async function told(here: Bench) {
  const [channel, agent] = [
    await here.channel("desk"),
    await here.agent("sales"),
  ];
  return {
    channel: channel.status,
    agent: agent.status,
    version: channel.metadata.resourceVersion,
    routing: await here.routing(),
  };
}

function pod(name: string, labels: Record<string, string>, configMap: string) {
  return {
    metadata: { name, labels },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: "example/none" }],
      volumes: [{ name: "routing", configMap: { name: configMap } }],
    },
  };
}
