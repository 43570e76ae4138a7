import {
  createMemoryBus,
  createMemoryStore,
  decodeEvent,
  type EasymoEvent,
  type MemoryBus,
} from "@easymo/messaging";
import { ManualClock } from "@easymo/service-kit";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  faultyBus,
  faultyStore,
  type Fault,
  type StoreFaults,
} from "../testing/faulty.js";
import { newCall, RunningIngress } from "../testing/running-ingress.js";

/** Each step between an event and its answer goes wrong in each way; then the client sends it again. */

let bus: MemoryBus;
let clock: ManualClock;
let faults: StoreFaults & { publish?: Fault };
let hanging: PromiseWithResolvers<void>;
let ingress: RunningIngress;

beforeEach(async () => {
  bus = createMemoryBus();
  clock = new ManualClock(Date.UTC(2026, 2, 1, 9));
  faults = {};
  hanging = Promise.withResolvers();
  const onHang = () => hanging.resolve();
  ingress = await RunningIngress.start({
    bus: faultyBus(bus, faults, onHang),
    store: faultyStore(createMemoryStore(clock), faults, onHang),
    clock,
  });
});
afterEach(() => ingress.close());

function published(): EasymoEvent[] {
  return ["voice.sip.events", "voice.contact.events"].flatMap((topic) =>
    bus.records(topic).map((record) => decodeEvent(record)),
  );
}

function idsOf(type: string): Set<string> {
  return new Set(
    published()
      .filter((event) => event.type === type)
      .map(({ id }) => id),
  );
}

/** Sends until it is accepted, as a client does; time passes when it is told to wait. */
async function repeat(body: unknown): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    const answer = await ingress.send(body);
    if (answer.status === 202) return;
    clock.advance(Number(answer.headers.get("retry-after")) * 1_000);
  }
  throw new Error("never accepted");
}

const failures: [keyof typeof faults, Fault][] = [
  ["claim", "fails"],
  ["claim", "is done, but fails"],
  ["get", "fails"],
  ["publish", "fails"],
  ["publish", "is done, but fails"],
];

describe("a step that goes wrong before the event is out", () => {
  test.each(failures)(
    "%s %s: 503, and the repeat makes exactly one event",
    async (step, fault) => {
      const body = newCall().event("ended", { idempotencyKey: "k" });
      faults[step] = fault;
      const answer = await ingress.send(body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("1");
      expect(await answer.json()).toMatchObject({
        code: step === "publish" ? "kafka_unavailable" : "redis_unavailable",
        retryable: true,
      });
      faults[step] = undefined;
      await repeat(body);
      expect(idsOf("sip.ended").size).toBe(1);
      expect(idsOf("call.stop").size).toBe(1);
    },
  );

  test("nothing stays claimed: the very next try succeeds", async () => {
    const body = newCall().event("ringing", { idempotencyKey: "k" });
    faults.publish = "fails";
    expect((await ingress.send(body)).status).toBe(503);
    faults.publish = undefined;
    expect((await ingress.send(body)).status).toBe(202);
  });

  test("a claim that could not be given back ends with its lease", async () => {
    const body = newCall().event("ringing", { idempotencyKey: "k" });
    faults.publish = "fails";
    faults.release = "fails";
    expect((await ingress.send(body)).status).toBe(503);
    faults.publish = undefined;
    faults.release = undefined;
    expect((await ingress.send(body)).status).toBe(409);
    await repeat(body);
    expect(idsOf("sip.ringing").size).toBe(1);
  });
});

describe("a step that goes wrong after the event is out", () => {
  test.each<Fault>(["fails", "is done, but fails"])(
    "confirm %s: 202, and a repeat is the same event",
    async (fault) => {
      const body = newCall().event("ringing", { idempotencyKey: "k" });
      faults.confirm = fault;
      const first = await ingress.send(body);
      expect(first.status).toBe(202);
      const { eventId } = (await first.json()) as { eventId: string };
      faults.confirm = undefined;
      await repeat(body);
      expect(idsOf("sip.ringing")).toEqual(new Set([eventId]));
    },
  );

  test("the time of the answer not kept: the event is accepted, the call has no duration", async () => {
    const call = newCall();
    faults.set = "fails";
    expect((await ingress.send(call.event("connected"))).status).toBe(202);
    faults.set = undefined;
    await repeat(call.event("ended", { timestamp: "2026-03-01T08:31:00Z" }));
    expect(published().at(-1)?.data).toMatchObject({ durationMs: 0 });
  });
});

describe("an instance that ends in the middle", () => {
  test.each<keyof typeof faults>(["claim", "publish", "confirm"])(
    "of %s: another one takes the repeat, and it is the same event",
    async (step) => {
      const body = newCall().event("ringing", { idempotencyKey: "k" });
      const gone = new AbortController();
      // Nobody ever hears from this request again, as after kill -9.
      const hung = hangIn(step, body, gone.signal);
      await hung.reached;
      gone.abort();
      await hung.ended;
      faults[step] = undefined;
      await repeat(body);
      expect(idsOf("sip.ringing").size).toBe(1);
      const again = await ingress.send(body);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
    },
  );
});

/** A request that hangs in a step; `reached` when it is there, `ended` when its client has given up. */
function hangIn(step: keyof typeof faults, body: unknown, signal: AbortSignal) {
  faults[step] = "hangs";
  const ended = fetch(`${ingress.url}/sip/events`, {
    method: "POST",
    signal,
    headers: {
      authorization: "Bearer kigali-parts-token-for-tests",
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  }).catch((error: unknown) => error);
  return { reached: hanging.promise, ended };
}

test("the keys are kept for a day", async () => {
  const body = newCall().event("ringing", { idempotencyKey: "k" });
  await repeat(body);
  clock.advance(24 * 3_600_000 - 1_000);
  const late = await ingress.send(body);
  expect(late.headers.get("idempotency-replayed")).toBe("true");
  clock.advance(2_000);
  const later = await ingress.send(body);
  expect(later.status).toBe(202);
  expect(later.headers.get("idempotency-replayed")).toBeNull();
  expect(idsOf("sip.ringing").size).toBe(1);
});
