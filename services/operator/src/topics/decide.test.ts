import { describe, expect, test } from "@jest/globals";
import { topicsCondition, topicVerdicts, type TopicVerdict } from "./decide.js";
import { parseTopic, type ObservedTopic } from "./observed.js";

const NOW_MS = Date.parse("2026-03-01T12:00:00Z");

const declared = [
  {
    name: "voice.contact.events",
    partitions: 3,
    config: { "min.insync.replicas": 2, "cleanup.policy": "delete" },
  },
  { name: "broker.dlq", partitions: 1, config: {} },
];

interface Changes {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>> | undefined;
}

const readyStatus = {
  observedGeneration: 1,
  conditions: [{ type: "Ready", status: "True" }],
};

function topic(name: string, changes: Changes = {}): ObservedTopic {
  const { partitions = 0, config = {} } =
    declared.find((one) => one.name === name) ?? {};
  return parseTopic({
    metadata: {
      name,
      namespace: "easymo",
      uid: `uid-${name}`,
      generation: 1,
      creationTimestamp: "2026-03-01T11:00:00Z",
      ...changes.metadata,
    },
    spec: { partitions, config, ...changes.spec },
    status: "status" in changes ? changes.status : readyStatus,
  });
}

const dlq = topic("broker.dlq");

function first(changes: Changes): TopicVerdict | undefined {
  const [verdict] = topicVerdicts(
    declared,
    [topic("voice.contact.events", changes), dlq],
    NOW_MS,
  );
  return verdict;
}

describe("a topic", () => {
  test("is ready when Strimzi says so and it is as declared", () => {
    expect(first({})).toMatchObject({ state: "ready" });
  });

  test("is not ready when Strimzi says that it cannot, whatever else", () => {
    const status = {
      observedGeneration: 1,
      conditions: [
        {
          type: "Ready",
          status: "False",
          reason: "NotSupported",
          message: "Decreasing partitions not supported",
        },
      ],
    };
    expect(first({ status, spec: { partitions: 1 } })).toMatchObject({
      state: "not_ready",
      message:
        "Strimzi says that voice.contact.events is not ready: NotSupported: Decreasing partitions not supported",
    });
  });

  test("differs when its partitions or its configuration are others", () => {
    expect(
      first({
        spec: { partitions: 6, config: { "min.insync.replicas": "1" } },
      }),
    ).toMatchObject({
      state: "differs",
      message:
        "voice.contact.events is not as topics.yaml declares it: 6 partitions instead of 3, min.insync.replicas 1 instead of 2, no cleanup.policy (delete)",
    });
  });

  test("may be what the release chose and wrote down, and more than is declared", () => {
    const annotations = {
      "bridges.easymo.dev/overrides": JSON.stringify({
        partitions: 12,
        config: { "min.insync.replicas": 1 },
      }),
    };
    const spec = {
      partitions: 12,
      config: {
        "min.insync.replicas": 1,
        "cleanup.policy": "delete",
        "segment.ms": 7,
      },
    };
    expect(first({ metadata: { annotations }, spec })).toMatchObject({
      state: "ready",
    });
    expect(
      first({ metadata: { annotations: { ...annotations } } }),
    ).toMatchObject({ state: "differs" });
    expect(
      first({
        metadata: { annotations: { "bridges.easymo.dev/overrides": "{" } },
        spec,
      }),
    ).toMatchObject({ state: "differs" });
  });

  test("is pending while it is new, and not ready when Strimzi never looks at it", () => {
    const creationTimestamp = "2026-03-01T11:59:00Z";
    expect(
      first({ status: undefined, metadata: { creationTimestamp } }),
    ).toMatchObject({ state: "pending" });
    expect(first({ status: undefined })).toMatchObject({
      state: "not_ready",
      reason: "NotReconciled",
    });
    // What Strimzi says is of what was asked before.
    expect(first({ metadata: { generation: 2 } })).toMatchObject({
      state: "not_ready",
    });
  });

  test("is found by its name in Kafka", () => {
    expect(
      first({
        metadata: { name: "voice-contact" },
        spec: { topicName: "voice.contact.events" },
      }),
    ).toMatchObject({ state: "ready" });
  });

  test("is missing when others are there, and nobody's when none is", () => {
    const [missing] = topicVerdicts(declared, [dlq], NOW_MS);
    expect(missing).toMatchObject({ state: "missing" });
    const stranger = topic("somebody-elses");
    expect(
      topicVerdicts(declared, [stranger], NOW_MS).map(({ state }) => state),
    ).toEqual(["unmanaged", "unmanaged"]);
  });
});

describe("the condition of all topics", () => {
  const condition = (topics: readonly ObservedTopic[]) =>
    topicsCondition(topicVerdicts(declared, topics, NOW_MS), "easymo");

  test("holds when each is ready", () => {
    expect(condition([topic("voice.contact.events"), dlq])).toEqual({
      type: "TopicsReady",
      status: "True",
      reason: "Ready",
      message: "all 2 topics of easymo are ready",
    });
  });

  test("does not hold when one is not, and names each that is not", () => {
    const told = condition([
      topic("voice.contact.events", {
        status: undefined,
        metadata: { creationTimestamp: "2026-03-01T11:59:00Z" },
      }),
      topic("broker.dlq", { spec: { partitions: 2 } }),
    ]);
    expect(told).toMatchObject({ status: "False", reason: "Differs" });
    expect(told.message).toMatch(/voice\.contact\.events.*; broker\.dlq/);
  });

  test("is not known where Strimzi is not", () => {
    expect(condition([])).toMatchObject({
      status: "Unknown",
      reason: "Unmanaged",
    });
  });
});
