import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createLogger, ManualClock } from "@easymo/service-kit";
import {
  apiVersion,
  providerFinalizer,
  providerMemoryAnnotation,
  type Channel,
} from "../api/index.js";
import {
  KubernetesError,
  NotLeaderError,
  resources,
  type EventToRecord,
  type ObjectCache,
  type ReconcileContext,
} from "../runtime/index.js";
import { FakeTwilio, newNumberSettings } from "../testing/fake-twilio.js";
import { RecordingKubernetes } from "../testing/recording-kubernetes.js";
import { channelForTest } from "../testing/resources.js";
import { memoryText } from "./memory.js";
import { connectTo } from "./numbers.js";
import { ProviderReconciler } from "./reconciler.js";
import { targetOf } from "./target.js";

const accountSid = "AC00000000000000000000000000000001";
const number = "+250780000001";
const key = { namespace: "easymo", name: "desk" };
const urls = { voice: "https://voice.example", whatsapp: undefined };
const acceptedStatus = {
  address: number,
  conditions: [
    {
      type: "Accepted",
      status: "True",
      reason: "Accepted",
      message: "It is accepted.",
      observedGeneration: 1,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ],
};

let twilio: FakeTwilio;

beforeEach(async () => {
  twilio = new FakeTwilio();
  twilio.addAccount(accountSid, "token");
  twilio.addNumber(accountSid, number);
  await twilio.api.start();
});

afterEach(() => twilio.api.stop());

/** A context that is the leader's for so many questions, and nobody's afterwards. */
function leaderFor(questions: number): ReconcileContext {
  let asked = 0;
  return {
    signal: new AbortController().signal,
    assertLeader: () => {
      asked += 1;
      if (asked > questions) throw new NotLeaderError();
    },
  };
}

function leavingChannel(spec: Record<string, unknown> = {}): Channel {
  const found = targetOf(channelForTest().spec, urls);
  if (found.kind !== "target") throw new Error("It has a target.");
  return channelForTest(
    {
      ...key,
      deletionTimestamp: "2026-03-01T00:00:00Z",
      finalizers: ["other.example/one", providerFinalizer],
      annotations: {
        [providerMemoryAnnotation]: memoryText({
          kind: "twilio",
          address: number,
          before: newNumberSettings,
          ours: found.target.wanted,
        }),
      },
    },
    spec,
  );
}

function setUp(channel: Channel) {
  const clock = new ManualClock(Date.parse("2026-03-01T00:00:00Z"));
  const kubernetes = new RecordingKubernetes();
  const { resourceVersion: _, ...metadata } = channel.metadata;
  kubernetes.put({ ...channel, apiVersion, metadata });
  const told: EventToRecord[] = [];
  const channels: ObjectCache<Channel> = {
    get: () => channel,
    list: () => [channel],
    keys: () => [key],
    synced: () => true,
    onChange: () => () => undefined,
  };
  const reconciler = new ProviderReconciler({
    kubernetes,
    channels,
    clock,
    urls,
    events: { record: (_, event) => void told.push(event) },
    logger: createLogger({
      name: "operator",
      level: "fatal",
      destination: { write: () => undefined },
    }),
    defaults: { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: "token" },
    connect: connectTo({
      twilioApiUrl: twilio.api.url,
      graphApiUrl: twilio.api.url,
      clock,
    }),
    checkMs: 300_000,
    random: () => 0.5,
  });
  return { kubernetes, clock, reconciler, told };
}

describe("a replica that does not lead any more", () => {
  test("writes nothing to the provider, whenever it notices", async () => {
    for (const questions of [0, 1]) {
      const { reconciler, kubernetes } = setUp(
        channelForTest(key, {}, acceptedStatus),
      );
      await expect(
        reconciler.reconcile(key, leaderFor(questions)),
      ).rejects.toThrow(NotLeaderError);
      expect(twilio.writes).toEqual([]);
      expect(kubernetes.writes).toHaveLength(questions);
    }
  });

  test("has written down what it was about to do before it does it", async () => {
    const { reconciler, kubernetes } = setUp(
      channelForTest(key, {}, acceptedStatus),
    );
    await expect(reconciler.reconcile(key, leaderFor(1))).rejects.toThrow(
      NotLeaderError,
    );
    expect(kubernetes.writes[0]).toMatchObject({
      verb: "patch",
      body: { metadata: { finalizers: [providerFinalizer] } },
    });
    expect(kubernetes.object(resources.channels, key)).toMatchObject({
      metadata: {
        annotations: {
          [providerMemoryAnnotation]: expect.stringContaining(
            newNumberSettings.VoiceUrl ?? "",
          ),
        },
      },
    });
  });
});

describe("a Channel on its way out", () => {
  test.each([
    ["whose Secret may not be read goes at once", 403, 0],
    ["that something in the cluster holds up goes in time", 500, 240_000],
  ])("%s", async (_, status, afterMs) => {
    const { reconciler, kubernetes, clock, told } = setUp(
      leavingChannel({ credentialsSecretRef: { name: "carrier" } }),
    );
    const leader = leaderFor(100);
    const readSecret = () =>
      Promise.reject(new KubernetesError("no", { status }));
    kubernetes.readSecret = readSecret;
    if (afterMs > 0)
      await expect(reconciler.reconcile(key, leader)).rejects.toThrow("no");
    clock.advance(afterMs);
    await reconciler.reconcile(key, leader);
    expect(kubernetes.writes).toHaveLength(1);
    expect(told).toMatchObject([{ type: "Warning", reason: "LeftBehind" }]);
    expect(twilio.api.calls).toEqual([]);
  });
});

describe("time", () => {
  test("between two looks is that of the setting, more or less, and no look comes before", async () => {
    const { reconciler, clock } = setUp(
      channelForTest(key, {}, acceptedStatus),
    );
    const leader = leaderFor(100);
    const first = await reconciler.reconcile(key, leader);
    expect(first?.requeueAfterMs).toBe(300_000);
    const asked = twilio.api.calls.length;
    clock.advance(299_999);
    await reconciler.reconcile(key, leader);
    expect(twilio.api.calls).toHaveLength(asked);
    clock.advance(1);
    await reconciler.reconcile(key, leader);
    expect(twilio.api.calls).toHaveLength(asked + 1);
  });

  test("is up for a Channel that waits for its provider, also after a restart: it counts from the deletion", async () => {
    const leaving = leavingChannel();
    await twilio.api.stop();
    const leader = leaderFor(100);
    const early = setUp(leaving);
    const waits = await early.reconciler.reconcile(key, leader);
    expect(waits?.requeueAfterMs).toBeGreaterThan(0);
    expect(early.kubernetes.writes).toEqual([]);
    const late = setUp(leaving);
    late.clock.advance(240_000);
    await late.reconciler.reconcile(key, leader);
    expect(late.kubernetes.writes).toMatchObject([
      {
        verb: "patch",
        body: { metadata: { finalizers: ["other.example/one"] } },
      },
    ]);
    expect(late.told).toMatchObject([{ reason: "LeftBehind" }]);
  });
});
