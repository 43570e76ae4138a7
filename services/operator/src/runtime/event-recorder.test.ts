import { describe, expect, test } from "@jest/globals";
import { createLogger, createMetrics, ManualClock } from "@easymo/service-kit";
import { RecordingKubernetes } from "../testing/recording-kubernetes.js";
import { KubernetesError } from "./errors.js";
import {
  KubernetesEventRecorder,
  type EventToRecord,
} from "./event-recorder.js";

function recorder() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
  const kubernetes = new RecordingKubernetes();
  const metrics = createMetrics();
  const events = new KubernetesEventRecorder({
    kubernetes,
    instance: "operator-0",
    logger: createLogger({ name: "test", level: "silent" }),
    metrics,
    clock,
  });
  const outcomes = () =>
    metrics.registry.getSingleMetricAsString("easymo_operator_events_total");
  return { clock, kubernetes, events, outcomes };
}

const channel = (name = "desk") => ({
  apiVersion: "bridges.easymo.dev/v1alpha1",
  kind: "Channel",
  metadata: { name, namespace: "easymo", uid: `uid-of-${name}` },
});
const inUse: EventToRecord = {
  type: "Warning",
  reason: "AddressInUse",
  message: "Another Channel has +250780000001.",
};
/** One more than is needed for what waits on promises alone. */
const A_MOMENT_MS = 1;

describe("events", () => {
  test("say what happened to what, when, and who says it", async () => {
    const { events, kubernetes, clock } = recorder();
    events.record(channel(), inUse);
    await clock.advanceAsync(A_MOMENT_MS);
    expect(kubernetes.writes).toEqual([
      expect.objectContaining({
        verb: "create",
        kind: "Event",
        body: {
          apiVersion: "events.k8s.io/v1",
          kind: "Event",
          metadata: {
            namespace: "easymo",
            name: expect.stringMatching(/^desk\.[0-9a-f]{16}$/),
          },
          eventTime: "2026-01-01T12:00:00.000000Z",
          type: "Warning",
          reason: "AddressInUse",
          note: "Another Channel has +250780000001.",
          action: "Reconcile",
          reportingController: "bridges.easymo.dev/operator",
          reportingInstance: "operator-0",
          regarding: {
            apiVersion: "bridges.easymo.dev/v1alpha1",
            kind: "Channel",
            name: "desk",
            namespace: "easymo",
            uid: "uid-of-desk",
          },
        },
      }),
    ]);
  });

  test("that say the same again are one event with a count, written now and then", async () => {
    const { events, kubernetes, clock, outcomes } = recorder();
    for (let second = 0; second < 21; second += 1) {
      events.record(channel(), inUse);
      await clock.advanceAsync(1_000);
    }
    const [first, ...counts] = kubernetes.writes;
    expect(first?.verb).toBe("create");
    expect(counts.map(({ body }) => body)).toEqual([
      {
        series: { count: 2, lastObservedTime: "2026-01-01T12:00:01.000000Z" },
      },
      {
        series: { count: 12, lastObservedTime: "2026-01-01T12:00:11.000000Z" },
      },
    ]);
    expect(await outcomes()).toContain('{outcome="repeated"} 18');
  });

  test("are new ones when they say something else, or the same after a long silence", async () => {
    const { events, kubernetes, clock } = recorder();
    events.record(channel(), inUse);
    events.record(channel(), { ...inUse, message: "And now this." });
    events.record(channel("other"), inUse);
    await clock.advanceAsync(6 * 60_000);
    events.record(channel(), inUse);
    await clock.advanceAsync(A_MOMENT_MS);
    expect(kubernetes.writes.map(({ verb }) => verb)).toEqual(
      Array(4).fill("create"),
    );
  });

  test("about one object that has ever more to say are bounded", async () => {
    const { events, kubernetes, clock, outcomes } = recorder();
    for (let at = 0; at < 40; at += 1)
      events.record(channel(), { ...inUse, message: `Reason ${at}.` });
    await clock.advanceAsync(A_MOMENT_MS);
    expect(kubernetes.writes).toHaveLength(25);
    expect(await outcomes()).toContain('{outcome="dropped"} 15');
  });

  test("about thousands of objects come at a pace, and not all of them", async () => {
    const { events, kubernetes, clock, outcomes } = recorder();
    for (let at = 0; at < 5_000; at += 1)
      events.record(channel(`desk-${at}`), inUse);
    await clock.advanceAsync(A_MOMENT_MS);
    expect(kubernetes.writes.length).toBeLessThanOrEqual(300);
    await clock.advanceAsync(60_000);
    expect(kubernetes.writes.length).toBeLessThanOrEqual(1_001);
    expect(await outcomes()).toMatch(/\{outcome="dropped"\} 3999/);
  });

  test("that cannot be written hold up nothing, and the next are", async () => {
    const { events, kubernetes, clock, outcomes } = recorder();
    kubernetes.refuseNext(
      "create",
      new KubernetesError("no", { status: 403, reason: "Forbidden" }),
    );
    events.record(channel(), inUse);
    events.record(channel("other"), inUse);
    await clock.advanceAsync(A_MOMENT_MS);
    expect(kubernetes.writes).toHaveLength(1);
    expect(await outcomes()).toContain('{outcome="failed"} 1');
  });

  test("that wait are written without delay when the operator stops", async () => {
    const { events, kubernetes } = recorder();
    for (let at = 0; at < 400; at += 1)
      events.record(channel(`desk-${at}`), inUse);
    await events.flush();
    expect(kubernetes.writes).toHaveLength(400);
  });
});
