import {
  createMemoryBus,
  createMemoryStore,
  decodeEvent,
  type EasymoEvent,
  type MemoryBus,
} from "@easymo/messaging";
import { randomName } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import {
  FakeOpenAi,
  incomingCallBody,
  signedWebhook,
  WEBHOOK_SECRET,
} from "../testing/fake-openai.js";
import { faultyStore, type StoreFaults } from "../testing/faulty.js";
import { DESK_NUMBER, RunningIngress } from "../testing/running-ingress.js";

let openai: FakeOpenAi;
let bus: MemoryBus;
let faults: StoreFaults;
let ingress: RunningIngress;

beforeAll(async () => {
  openai = await FakeOpenAi.start();
});
afterAll(() => openai.close());

beforeEach(async () => {
  bus = createMemoryBus();
  faults = {};
  ingress = await RunningIngress.start({
    bus,
    store: faultyStore(createMemoryStore(), faults),
    env: {
      OPENAI_WEBHOOK_SECRET: WEBHOOK_SECRET,
      OPENAI_API_KEY: "test-key",
      OPENAI_BASE_URL: openai.url,
    },
  });
});
afterEach(() => ingress.close());

function deliver(
  { body, headers }: { body: string; headers: Record<string, string> },
  at: RunningIngress = ingress,
): Promise<Response> {
  return fetch(`${at.url}/openai/webhook`, { method: "POST", headers, body });
}

function published(): EasymoEvent[] {
  return bus.records("voice.sip.events").map((record) => decodeEvent(record));
}

function newCallId(): string {
  return randomName("rtc_u1");
}

describe("an incoming call", () => {
  test("for a channel's number is accepted with its agent, and handed over through the bus", async () => {
    const callId = newCallId();
    const to = `sip:${DESK_NUMBER}@sip.api.openai.com;transport=tls`;
    const answer = await deliver(
      signedWebhook("wh_1", incomingCallBody(callId, to)),
    );
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "accepted", callId });
    expect(openai.of(callId)).toEqual([
      {
        path: `/v1/realtime/calls/${callId}/accept`,
        authorization: "Bearer test-key",
        body: {
          type: "realtime",
          model: "gpt-realtime",
          instructions: "You help people in Kigali find moto spare parts.",
          audio: {
            // The agent's thresholds are not here: accept refuses them.
            input: { turn_detection: { type: "server_vad" } },
            output: { voice: "marin" },
          },
        },
      },
    ]);
    expect(published()).toEqual([
      expect.objectContaining({ type: "sip.ringing", subject: callId }),
      expect.objectContaining({
        type: "sip.connected",
        subject: callId,
        tenantId: "kigali-parts",
        data: expect.objectContaining({
          callId,
          from: "+250788000009",
          to: DESK_NUMBER,
          agent: "sales",
          timestamp: "2026-03-01T08:40:00.000Z",
          payload: { provider: "openai", openaiCallId: callId },
        }),
      }),
    ]);
  });

  test("for a channel's SIP address is accepted, whatever surrounds it in the header", async () => {
    const callId = newCallId();
    const to = '"Desk, the \\"best\\"" <SIP:desk@KIGALI.example:5060;lr>;tag=9';
    await deliver(signedWebhook("wh_1", incomingCallBody(callId, to)));
    expect(openai.of(callId)[0]?.path).toMatch(/accept$/);
    expect(published()).toHaveLength(2);
  });

  test.each(["sip:nobody@kigali.example", "<sip:broken", ""])(
    "for %p, which nobody has, is rejected with SIP 404",
    async (to) => {
      const callId = newCallId();
      const answer = await deliver(
        signedWebhook("wh_1", incomingCallBody(callId, to)),
      );
      expect(await answer.json()).toEqual({ status: "rejected", callId });
      expect(openai.of(callId)).toMatchObject([
        {
          path: `/v1/realtime/calls/${callId}/reject`,
          body: { status_code: 404 },
        },
      ]);
      expect(published()).toEqual([]);
    },
  );

  test("whose caller hung up meanwhile is let be", async () => {
    openai.statuses.push(404);
    const callId = newCallId();
    const answer = await deliver(
      signedWebhook("wh_1", incomingCallBody(callId, `tel:${DESK_NUMBER}`)),
    );
    expect(await answer.json()).toEqual({ status: "gone", callId });
    expect(published()).toEqual([]);
  });
});

describe("a repeated webhook", () => {
  test("is answered as before, and the call is not accepted again", async () => {
    const callId = newCallId();
    const body = incomingCallBody(callId, `tel:${DESK_NUMBER}`);
    const first: unknown = await (
      await deliver(signedWebhook("wh_1", body))
    ).json();
    const again = await deliver(signedWebhook("wh_1", body));
    expect(again.status).toBe(200);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await again.json()).toEqual(first);
    expect(openai.of(callId)).toHaveLength(1);
    expect(published()).toHaveLength(2);
  });

  test("at the same time is handled once", async () => {
    const callId = newCallId();
    const webhook = signedWebhook(
      "wh_1",
      incomingCallBody(callId, `tel:${DESK_NUMBER}`),
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => deliver(webhook)),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 409)).toEqual([200]);
    expect(openai.of(callId)).toHaveLength(1);
    expect(published()).toHaveLength(2);
  });

  test("with another call in it is refused", async () => {
    const to = `tel:${DESK_NUMBER}`;
    await deliver(signedWebhook("wh_1", incomingCallBody(newCallId(), to)));
    const other = newCallId();
    const answer = await deliver(
      signedWebhook("wh_1", incomingCallBody(other, to)),
    );
    expect(answer.status).toBe(422);
    expect(openai.of(other)).toEqual([]);
  });
});

describe("when something is away", () => {
  test("the API failing is 503, and the repeat accepts the call", async () => {
    const callId = newCallId();
    const webhook = signedWebhook(
      "wh_1",
      incomingCallBody(callId, `tel:${DESK_NUMBER}`),
    );
    openai.statuses.push(500);
    const answer = await deliver(webhook);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(published()).toEqual([]);
    expect((await deliver(webhook)).status).toBe(200);
    expect(published()).toHaveLength(2);
  });

  test("Kafka failing after the call was accepted is 503, and the repeat hands the call over", async () => {
    const callId = newCallId();
    const webhook = signedWebhook(
      "wh_1",
      incomingCallBody(callId, `tel:${DESK_NUMBER}`),
    );
    bus.setAvailable(false);
    expect((await deliver(webhook)).status).toBe(503);
    bus.setAvailable(true);
    // The call does not wait any more: it was accepted.
    openai.statuses.push(404);
    const again = await deliver(webhook);
    expect(await again.json()).toEqual({ status: "accepted", callId });
    expect(published()).toHaveLength(2);
  });

  test("Redis failing is 503, and the call is not touched", async () => {
    const callId = newCallId();
    faults.claim = "fails";
    const answer = await deliver(
      signedWebhook("wh_1", incomingCallBody(callId, `tel:${DESK_NUMBER}`)),
    );
    expect(answer.status).toBe(503);
    expect(openai.of(callId)).toEqual([]);
  });

  test("the confirmation failing changes nothing: a repeat would be the same events", async () => {
    const callId = newCallId();
    faults.confirm = "fails";
    const answer = await deliver(
      signedWebhook("wh_1", incomingCallBody(callId, `tel:${DESK_NUMBER}`)),
    );
    expect(answer.status).toBe(200);
    expect(published()).toHaveLength(2);
  });
});

describe("who is let in", () => {
  const body = incomingCallBody("rtc_u1_x", `tel:${DESK_NUMBER}`);
  const good = signedWebhook("wh_1", body);
  const hourAgoSeconds = Math.floor(Date.now() / 1_000) - 3_600;
  const without = (name: string) => ({
    body,
    headers: Object.fromEntries(
      Object.entries(good.headers).filter(([header]) => header !== name),
    ),
  });

  test.each([
    [
      "another secret",
      signedWebhook("wh_1", body, { secret: "whsec_b3RoZXI=" }),
    ],
    ["another body", { ...good, body: body.replace("rtc_u1_x", "rtc_u1_y") }],
    [
      "another id",
      { body, headers: { ...good.headers, "webhook-id": "wh_2" } },
    ],
    ["an old time", signedWebhook("wh_1", body, { atSeconds: hourAgoSeconds })],
    ["no signature", without("webhook-signature")],
    ["no time", without("webhook-timestamp")],
    ["no id", without("webhook-id")],
    [
      "a signature that is none",
      { body, headers: { ...good.headers, "webhook-signature": "v1,%%%" } },
    ],
  ])("a webhook with %s is refused, and does nothing", async (_, webhook) => {
    const answer = await deliver(webhook);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toContain("problem+json");
    expect(await answer.json()).toMatchObject({ code: "invalid_signature" });
    expect(published()).toEqual([]);
    expect(openai.of("rtc_u1_x")).toEqual([]);
  });

  test("without a secret nothing is let in", async () => {
    const closed = await RunningIngress.start({
      bus: createMemoryBus(),
      store: createMemoryStore(),
    });
    try {
      const answer = await deliver(good, closed);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "not_configured" });
    } finally {
      await closed.close();
    }
  });
});

describe("what is signed and not a call", () => {
  test("is ignored when it is another event", async () => {
    const answer = await deliver(
      signedWebhook(
        "wh_1",
        '{"id":"evt_1","type":"batch.completed","data":{"id":"batch_1"}}',
      ),
    );
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "ignored" });
  });

  const call = { id: "e", type: "realtime.call.incoming", created_at: 1 };
  test.each([
    ["{", "", "invalid_json"],
    ["[]", "", "invalid_request"],
    ["null", "", "invalid_request"],
    ['{"id":"e"}', "type", "invalid_request"],
    [JSON.stringify(call), "data", "invalid_request"],
    [
      JSON.stringify({ ...call, data: { call_id: "../x", sip_headers: [] } }),
      "data.call_id",
      "invalid_request",
    ],
    [
      JSON.stringify({ ...call, data: { call_id: "x", sip_headers: [1] } }),
      "data.sip_headers.0",
      "invalid_request",
    ],
    [
      JSON.stringify({
        ...call,
        created_at: 1e300,
        data: { call_id: "x", sip_headers: [] },
      }),
      "created_at",
      "invalid_request",
    ],
  ])("is refused when it is %p, naming %p", async (body, field, code) => {
    const answer = await deliver(signedWebhook("wh_1", body));
    expect(answer.status).toBe(400);
    const problem: unknown = await answer.json();
    expect(problem).toMatchObject({ code });
    if (field !== "")
      expect(problem).toMatchObject({
        errors: expect.arrayContaining([expect.objectContaining({ field })]),
      });
    expect(published()).toEqual([]);
  });
});
