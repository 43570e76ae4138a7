import { fileURLToPath } from "node:url";
import {
  createMetrics,
  systemClock,
  type Clock,
  type Metrics,
} from "@easymo/service-kit";
import { startApiServer, until, type ApiServer } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { Bench, type ComposeParts } from "../testing/bench.js";
import { strimziDefinition } from "../testing/strimzi-definition.js";
import { composeTopics } from "./compose.js";

const crds = fileURLToPath(
  new URL("../../../../charts/operator/crds", import.meta.url),
);
const CLUSTER = "easymo";
const declared = [
  { name: "voice.contact.events", partitions: 3, config: {} },
  { name: "broker.dlq", partitions: 1, config: { "retention.ms": 7 } },
];
const AGENT = { instructions: "Sell parts." };
const WAIT = { timeoutMs: 45_000 };

/** A minute is a second: what is looked for now and then is found soon. */
const hurried: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs(),
  setTimeout: (run, delayMs) => systemClock.setTimeout(run, delayMs / 60),
};

let server: ApiServer;
const benches: Bench[] = [];

beforeAll(async () => {
  server = await startApiServer({ manifests: [crds] });
}, 180_000);

afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
});

afterAll(async () => {
  await server.close();
});

function composing(metrics: Metrics): ComposeParts {
  return (deps) => {
    const { controllers, informers } = composeTopics(
      { ...deps, metrics, clock: hurried },
      {
        namespace: deps.namespace,
        clusterName: CLUSTER,
        resyncMs: 600_000,
        declared,
      },
    );
    return controllers.map((controller) => ({ controller, informers }));
  };
}

async function bench() {
  const metrics = createMetrics();
  const here = await Bench.start(server, composing(metrics));
  benches.push(here);
  await here.apply("Agent", "sales", AGENT);
  const counts = async (): Promise<Record<string, number>> => {
    const metric = await metrics.registry
      .getSingleMetric("easymo_operator_topics")
      ?.get();
    return Object.fromEntries(
      (metric?.values ?? [])
        .filter(({ value }) => value > 0)
        .map(({ labels, value }) => [String(labels.state), value]),
    );
  };
  return { here, counts };
}

function topicPath(here: Bench, name = ""): string {
  const slash = name === "" ? "" : "/";
  return `/apis/kafka.strimzi.io/v1/namespaces/${here.namespace}/kafkatopics${slash}${name}`;
}

async function makeTopic(
  here: Bench,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  labels = { "strimzi.io/cluster": CLUSTER },
): Promise<void> {
  const made = await server.request("POST", topicPath(here), {
    body: {
      apiVersion: "kafka.strimzi.io/v1",
      kind: "KafkaTopic",
      metadata: { name, labels },
      spec,
    },
  });
  expect(made.status).toBe(201);
}

async function patchTopic(
  here: Bench,
  name: string,
  body: unknown,
): Promise<void> {
  const { status } = await server.request("PATCH", topicPath(here, name), {
    body,
    contentType: "application/merge-patch+json",
  });
  expect(status).toBe(200);
}

/** As Strimzi's topic operator would. */
async function strimziSays(
  here: Bench,
  name: string,
  ready: Readonly<Record<string, string>>,
  observedGeneration = 1,
): Promise<void> {
  await patchTopic(here, `${name}/status`, {
    status: {
      observedGeneration,
      conditions: [{ type: "Ready", ...ready }],
    },
  });
}

async function makeBothReady(here: Bench): Promise<void> {
  await makeTopic(here, "voice.contact.events", { partitions: 3 });
  await makeTopic(here, "broker.dlq", {
    partitions: 1,
    config: { "retention.ms": 7 },
  });
  for (const { name } of declared)
    await strimziSays(here, name, { status: "True" });
  await here.until("Agent", "sales", "TopicsReady", {
    status: "True",
    reason: "Ready",
  });
}

describe("Kafka's topics on a real API server", () => {
  // The first: afterwards the server knows Strimzi's kind.
  test("are not known where Strimzi is not installed, and are once it is, without a restart", async () => {
    const { here, counts } = await bench();
    const told = await here.until("Agent", "sales", "TopicsReady", {
      status: "Unknown",
      reason: "Unmanaged",
    });
    expect(told.message).toContain("Strimzi is not installed");
    expect(await counts()).toEqual({ unmanaged: 2 });
    await server.kubectl(
      ["apply", "--server-side", "-f", "-"],
      strimziDefinition(process.env.STRIMZI_CRDS),
    );
    await server.kubectl([
      ...["wait", "--for=condition=Established", "--timeout=60s"],
      "crd/kafkatopics.kafka.strimzi.io",
    ]);
    await makeBothReady(here);
    expect(await counts()).toEqual({ ready: 2 });
  });

  test("that Strimzi cannot make are named in a condition, an event and a metric, until it can", async () => {
    const { here, counts } = await bench();
    await makeBothReady(here);
    await strimziSays(here, "broker.dlq", {
      status: "False",
      reason: "KafkaError",
      message: "Replication factor 3 larger than available brokers",
    });
    const told = await here.until("Agent", "sales", "TopicsReady", {
      status: "False",
      reason: "NotReady",
    });
    expect(told.message).toContain("broker.dlq is not ready: KafkaError");
    expect(await counts()).toEqual({ ready: 1, not_ready: 1 });
    expect(
      await here.untilEvent("KafkaTopic", "broker.dlq", "TopicNotReady"),
    ).toMatchObject({ type: "Warning", note: told.message });
    await strimziSays(here, "broker.dlq", { status: "True" });
    await here.until("Agent", "sales", "TopicsReady", {
      status: "True",
      reason: "Ready",
    });
    await here.untilEvent("KafkaTopic", "broker.dlq", "TopicReady");
  });

  test("that are not as declared, or have gone, are told; another cluster's are nobody's business", async () => {
    const { here, counts } = await bench();
    await makeBothReady(here);
    await makeTopic(
      here,
      "strange",
      { partitions: 9 },
      { "strimzi.io/cluster": "another" },
    );
    await patchTopic(here, "voice.contact.events", { spec: { partitions: 6 } });
    await strimziSays(here, "voice.contact.events", { status: "True" }, 2);
    const told = await here.until("Agent", "sales", "TopicsReady", {
      status: "False",
      reason: "Differs",
    });
    expect(told.message).toContain("6 partitions instead of 3");
    await here.untilEvent("KafkaTopic", "voice.contact.events", "TopicDiffers");
    expect(await counts()).toEqual({ ready: 1, differs: 1 });
    await server.request("DELETE", topicPath(here, "voice.contact.events"));
    await here.until("Agent", "sales", "TopicsReady", {
      status: "False",
      reason: "Missing",
    });
    expect(await counts()).toEqual({ ready: 1, missing: 1 });
  });

  test("are told to each new Agent, after an operator's restart too, beside what others say there", async () => {
    const { here, counts } = await bench();
    await makeBothReady(here);
    const status = {
      conditions: [
        {
          type: "Accepted",
          status: "True",
          reason: "Accepted",
          message: "by another",
          observedGeneration: 1,
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    };
    await server.request(
      "PATCH",
      `/apis/bridges.easymo.dev/v1alpha1/namespaces/${here.namespace}/agents/sales/status?fieldManager=another`,
      {
        body: {
          apiVersion: "bridges.easymo.dev/v1alpha1",
          kind: "Agent",
          status,
        },
        contentType: "application/apply-patch+yaml",
      },
    );
    await here.stopOperator();
    // Who does not lead tells nothing.
    expect(await counts()).toEqual({});
    await server.request("DELETE", topicPath(here, "broker.dlq"));
    await here.apply("Agent", "care", AGENT);
    await here.startOperator(composing(createMetrics()));
    for (const name of ["sales", "care"])
      await here.until("Agent", name, "TopicsReady", {
        status: "False",
        reason: "Missing",
      });
    const types = (await here.agent("sales")).status?.conditions?.map(
      ({ type }) => type,
    );
    expect(types?.sort()).toEqual(["Accepted", "TopicsReady"]);
    await until(async () => {
      const { status: care } = await here.agent("care");
      return care?.conditions?.length === 1;
    }, WAIT);
  });
});
