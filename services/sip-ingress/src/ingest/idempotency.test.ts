import {
  createBus,
  createStore,
  type Bus,
  type EasymoEvent,
} from "@easymo/messaging";
import { kafkaBrokers, randomName, redisUrl, until } from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  DESK_NUMBER,
  DESK_URI,
  EventLog,
  newCall,
  OTHER_TOKEN,
  quietKit,
  RunningIngress,
} from "../testing/running-ingress.js";

/** On a real Kafka and a real Redis. */

let ingress: RunningIngress;
let bus: Bus;
let log: EventLog;

beforeAll(async () => {
  const kit = quietKit();
  const brokers = await kafkaBrokers();
  const settings = { brokers, clientId: "sip-ingress-test", ssl: false };
  bus = createBus(settings, kit);
  log = await EventLog.of(bus);
  ingress = await RunningIngress.start({
    bus: createBus(settings, kit),
    store: createStore(await redisUrl(), {
      ...kit,
      prefix: `${randomName()}:`,
    }),
  });
});

afterAll(async () => {
  await ingress.close();
  await bus.close();
});

/** What reached Kafka of a call, once an event that was sent after all of it is there. */
async function published(
  call: ReturnType<typeof newCall>,
): Promise<EasymoEvent[]> {
  const last = call.event("audio", { idempotencyKey: randomName("last") });
  expect((await ingress.send(last)).status).toBe(202);
  // A call's events of one topic keep their order; the other topic is waited for by what is asserted.
  return until(() => {
    const events = log.ofCall(call.callId);
    return events.some(({ type }) => type === "sip.audio") ? events : undefined;
  });
}

function typesOf(events: readonly EasymoEvent[]): string[] {
  return events.map(({ type }) => type);
}

describe("an event", () => {
  test("for anybody at a trunk's host is the trunk's, whose last traffic is told by its name", async () => {
    const call = newCall();
    const to = "<sip:+250788123456@trunk.example;user=phone>";
    const before = Date.now() / 1_000;
    await ingress.send(
      call.event("ringing", { to, idempotencyKey: randomName("key") }),
    );
    const [event] = await published(call);
    expect(event?.data).toMatchObject({ agent: "sales" });
    const line = /easymo_channel_last_traffic_timestamp_seconds\{(.*)\} (.*)/;
    const [, labels, value] = line.exec(await ingress.metrics()) ?? [];
    expect(labels).toBe('channel="production/trunk"');
    expect(Number(value)).toBeGreaterThanOrEqual(before);
  });

  test("is accepted when Kafka has it, with its parties, agent and times", async () => {
    const call = newCall();
    const answer = await ingress.send(
      call.event("ringing", {
        from: '"A caller" <sip:+250-788-000-009@carrier.example;user=phone>;tag=1',
        to: DESK_URI,
        payload: { userAgent: "x" },
        idempotencyKey: "k",
      }),
      { "x-request-id": "request-1" },
    );
    expect(answer.status).toBe(202);
    const body: unknown = await answer.json();
    const [event] = await published(call);
    expect(body).toEqual({ eventId: event?.id, status: "accepted" });
    expect(answer.headers.get("idempotency-replayed")).toBeNull();
    expect(event).toMatchObject({
      type: "sip.ringing",
      tenantId: "kigali-parts",
      requestId: "request-1",
      data: {
        callId: call.callId,
        from: "+250788000009",
        to: DESK_URI,
        agent: "sales",
        timestamp: "2026-03-01T08:30:00Z",
        payload: { userAgent: "x" },
        idempotencyKey: "k",
      },
    });
  });

  test("to a number that nobody has is taken, without an agent", async () => {
    const call = newCall();
    await ingress.send(call.event("ringing", { to: "+250788111111" }));
    await ingress.send(call.event("ended", { to: "+250788111111" }));
    await until(() => log.ofCall(call.callId).length === 3);
    for (const event of log.ofCall(call.callId))
      expect(event.data).not.toHaveProperty("agent");
  });

  test("to another tenant's channel has no agent of theirs", async () => {
    const call = newCall();
    await ingress.send(call.event("ringing", { to: DESK_NUMBER }), {
      authorization: `Bearer ${OTHER_TOKEN}`,
    });
    const event = await until(() => log.ofCall(call.callId)[0]);
    expect(event.tenantId).toBe("musanze-farm");
    expect(event.data).not.toHaveProperty("agent");
  });
});

describe("the same key", () => {
  test("with the same body is answered as before, and makes no second event", async () => {
    const call = newCall();
    const body = call.event("ringing", { idempotencyKey: call.callId });
    const first: unknown = await (await ingress.send(body)).json();
    const again = await ingress.send(body);
    expect(again.status).toBe(202);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    expect(typesOf(await published(call))).toEqual([
      "sip.ringing",
      "sip.audio",
    ]);
  });

  test("may be in the header, and its members in any order", async () => {
    const call = newCall();
    const { callId, event, timestamp } = call.event("ringing");
    const payload = { a: 1, b: { c: [1, 2], d: null } };
    const reordered = { b: { d: null, c: [1, 2] }, a: 1 };
    const header = { "idempotency-key": `key of ${callId}` };
    await ingress.send({ callId, event, timestamp, payload }, header);
    const again = await ingress.send(
      { payload: reordered, timestamp, event, callId },
      header,
    );
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const inBody = await ingress.send({
      ...{ callId, event, timestamp, payload },
      idempotencyKey: `key of ${callId}`,
    });
    expect(inBody.headers.get("idempotency-replayed")).toBe("true");
    expect(typesOf(await published(call))).toEqual([
      "sip.ringing",
      "sip.audio",
    ]);
  });

  test("with another body is refused with 422, and nothing is published", async () => {
    const call = newCall();
    const key = { idempotencyKey: call.callId };
    await ingress.send(call.event("ringing", key));
    for (const other of [
      call.event("connected", key),
      call.event("ringing", { ...key, timestamp: "2026-03-01T08:30:01Z" }),
      call.event("ringing", { ...key, from: "+250788000009" }),
      call.event("ringing", { ...key, payload: {} }),
    ]) {
      const answer = await ingress.send(other);
      expect(answer.status).toBe(422);
      expect(await answer.json()).toMatchObject({
        code: "idempotency_key_reused",
        errors: [{ field: "idempotencyKey" }],
      });
    }
    expect(typesOf(await published(call))).toEqual([
      "sip.ringing",
      "sip.audio",
    ]);
  });

  test("of another tenant is another key", async () => {
    const call = newCall();
    const body = call.event("ringing", { idempotencyKey: call.callId });
    const mine: unknown = await (await ingress.send(body)).json();
    const theirs = await ingress.send(body, {
      authorization: `Bearer ${OTHER_TOKEN}`,
    });
    expect(theirs.headers.get("idempotency-replayed")).toBeNull();
    expect(await theirs.json()).not.toEqual(mine);
  });

  test("right behind its answer is a repeat, however many come at once", async () => {
    const call = newCall();
    const kinds = await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const body = call.event("audio", { idempotencyKey: `k${at}` });
        const first = await ingress.send(body);
        const again = await ingress.send(body);
        const replayed = again.headers.get("idempotency-replayed") ?? "no";
        return `${first.status}, then ${again.status} ${replayed}`;
      }),
    );
    expect(new Set(kinds)).toEqual(new Set(["202, then 202 true"]));
  });

  test("a hundred times at once makes one event", async () => {
    const call = newCall();
    const body = call.event("ringing", { idempotencyKey: call.callId });
    const ids = new Set<unknown>();
    const kinds = new Set<string>();
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        for (;;) {
          const answer = await ingress.send(body);
          const replayed = answer.headers.get("idempotency-replayed") ?? "no";
          const json: unknown = await answer.json();
          kinds.add(`${answer.status} ${replayed}`);
          if (answer.status === 202) {
            ids.add(JSON.stringify(json));
            return;
          }
          expect(answer.status).toBe(409);
          expect(answer.headers.get("retry-after")).toBe("1");
        }
      }),
    );
    expect(ids.size).toBe(1);
    expect(kinds).toContain("202 no");
    expect(kinds).toContain("202 true");
    expect(typesOf(await published(call))).toEqual([
      "sip.ringing",
      "sip.audio",
    ]);
  });

  test("in the body and another one in the header are refused", async () => {
    const answer = await ingress.send(
      newCall().event("ringing", { idempotencyKey: "one" }),
      { "idempotency-key": "other" },
    );
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: [{ field: "idempotencyKey" }],
    });
  });
});

describe("without a key", () => {
  test("the same words are a repeat, other words another event", async () => {
    const call = newCall();
    await ingress.send(call.event("dtmf", { payload: { digit: "1" } }));
    const again = await ingress.send(
      call.event("dtmf", { payload: { digit: "1" } }),
    );
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    await ingress.send(call.event("dtmf", { payload: { digit: "2" } }));
    expect(typesOf(await published(call))).toEqual([
      "sip.dtmf",
      "sip.dtmf",
      "sip.audio",
    ]);
  });
});

describe("the end of a call", () => {
  test("also publishes call.stop, with how long the call was and why it ended", async () => {
    const call = newCall();
    await ingress.send(call.event("connected", { to: DESK_URI }));
    const body = call.event("ended", {
      to: DESK_URI,
      timestamp: "2026-03-01T10:31:00.500+02:00",
      payload: { reason: "caller_hangup" },
    });
    await ingress.send(body);
    const again = await ingress.send(body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    await until(() => log.ofCall(call.callId).length >= 3);
    await published(call);
    const stops = log
      .ofCall(call.callId)
      .filter(({ type }) => type === "call.stop");
    expect(stops).toHaveLength(1);
    expect(stops[0]?.data).toMatchObject({
      reason: "caller_hangup",
      durationMs: 60_500,
      agent: "sales",
    });
  });

  test("of a call that was never answered has no duration, and a reason nevertheless", async () => {
    const call = newCall();
    await ingress.send(call.event("ended"));
    const stop = await until(() =>
      log.ofCall(call.callId).find(({ type }) => type === "call.stop"),
    );
    expect(stop.data).toMatchObject({ durationMs: 0, reason: "ended" });
  });
});

describe("a batch", () => {
  test("is answered item by item, each with the status that it would have had alone", async () => {
    const call = newCall();
    const known = call.event("ringing", { idempotencyKey: "ringing" });
    await ingress.send({ ...known, idempotencyKey: call.callId });
    const answer = await ingress.send([
      { ...known, idempotencyKey: call.callId },
      call.event("connected"),
      { ...known, idempotencyKey: call.callId, from: "+250788000009" },
      { ...known, event: "sneezed" },
      call.event("connected"),
      call.event("ended", { timestamp: "2026-03-01T08:30:07Z" }),
      "nonsense",
    ]);
    expect(answer.status).toBe(207);
    expect(await answer.json()).toEqual([
      { index: 0, status: 202, eventId: expect.any(String), replayed: true },
      { index: 1, status: 202, eventId: expect.any(String) },
      expect.objectContaining({
        index: 2,
        status: 422,
        code: "idempotency_key_reused",
      }),
      expect.objectContaining({
        index: 3,
        status: 400,
        errors: [expect.objectContaining({ field: "event" })],
      }),
      { index: 4, status: 202, eventId: expect.any(String), replayed: true },
      { index: 5, status: 202, eventId: expect.any(String) },
      expect.objectContaining({ index: 6, status: 400 }),
    ]);
    const stop = await until(() =>
      log.ofCall(call.callId).find(({ type }) => type === "call.stop"),
    );
    expect(stop.data).toMatchObject({ durationMs: 7_000 });
    const signalling = (await published(call)).filter(
      ({ type }) => type !== "call.stop",
    );
    expect(typesOf(signalling)).toEqual([
      "sip.ringing",
      "sip.connected",
      "sip.ended",
      "sip.audio",
    ]);
  });

  test("keeps the order of a call's events", async () => {
    const call = newCall();
    const digits = Array.from({ length: 60 }, (_, at) => String(at));
    const answer = await ingress.send(
      digits.map((digit) => call.event("dtmf", { payload: { digit } })),
    );
    expect(answer.status).toBe(207);
    const events = await published(call);
    expect(events.slice(0, -1).map(({ data }) => JSON.stringify(data))).toEqual(
      digits.map((digit): unknown =>
        expect.stringContaining(`"payload":{"digit":"${digit}"}`),
      ),
    );
  });
});

test("what became of the events is counted", async () => {
  const call = newCall();
  const body = call.event("ringing", { idempotencyKey: call.callId });
  await ingress.send(body);
  await ingress.send(body);
  await ingress.send({ ...body, event: "ended" });
  await ingress.send("{");
  await ingress.send(body, { authorization: "Bearer nobody's" });
  const metrics = await ingress.metrics();
  for (const outcome of [
    "accepted",
    "replayed",
    "mismatch",
    "invalid",
    "unauthorized",
  ])
    expect(metrics).toMatch(
      new RegExp(
        `easymo_ingest_requests_total{surface="sip",outcome="${outcome}"} [1-9]`,
      ),
    );
  for (const outcome of ["claimed", "confirmed", "replayed", "mismatch"])
    expect(metrics).toMatch(
      new RegExp(
        `easymo_idempotency_total{surface="sip",outcome="${outcome}"} [1-9]`,
      ),
    );
  expect(metrics).toContain('easymo_ingest_seconds_count{surface="sip"}');
});

test("is ready while Kafka, Redis and the routing are there", async () => {
  const answer = await fetch(`${ingress.url}/readyz`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    dependencies: {
      kafka: { status: "up" },
      redis: { status: "up" },
      routing: { status: "up" },
    },
  });
});
