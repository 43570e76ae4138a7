import { createMemoryStore } from "@easymo/messaging";
import { systemClock, type RunningService } from "@easymo/service-kit";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import { z } from "zod";
import { DESK } from "./testing/machine-fixture.js";
import {
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

const dialled = z.looseObject({ callId: z.string() });

let agentCore: RunningService;
let bridge: RunningBridge;
let people = 0;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());
afterEach(() => bridge.close());

function someone(): string {
  people += 1;
  return `+25078830${String(people).padStart(4, "0")}`;
}

function dial(body: object, key?: string, path = "/calls"): Promise<Response> {
  return bridge.api(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: key === undefined ? {} : { "idempotency-key": key },
  });
}

describe("an outbound call", () => {
  test("rings, is answered by the agent that was asked for, and is told", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const to = someone();
    const answer = await dial({ tenantId: TENANT, to, agent: "sales" });
    expect(answer.status).toBe(202);
    const call = dialled.parse(await answer.json());
    expect(call).toMatchObject({
      to,
      from: DESK,
      agent: "sales",
      direction: "outbound",
      status: "dialing",
    });
    const ringing = await bridge.carrier.waitFor("outboundCall");
    expect(ringing.callSid).toBe(call.callId);
    const session = await bridge.model.session();
    await ringing.waitFor("streamStarted");
    session.answer("r1", "Muraho.", 100, await session.next("response.create"));
    await bridge.events.next("media.transcript");
    expect(bridge.events.of("call.start").map((event) => event.data)).toEqual([
      expect.objectContaining({
        callId: call.callId,
        direction: "outbound",
        from: DESK,
        to,
      }),
    ]);
    const live = await (await bridge.api("/calls")).json();
    expect(live).toMatchObject({
      calls: [{ callId: call.callId, direction: "outbound", status: "live" }],
    });
    ringing.hangUp();
    await bridge.events.next("call.stop");
  });

  test("that nobody takes is told as such, once", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    bridge.carrier.answerAs("no-answer");
    await dial({ tenantId: TENANT, to: someone(), agent: "sales" });
    const stop = await bridge.events.next("call.stop");
    expect(stop.data).toMatchObject({ reason: "no_answer", durationMs: 0 });
    expect(await bridge.metrics()).toContain(
      'easymo_voice_calls_total{direction="outbound",outcome="no_answer"} 1',
    );
  });

  test("that a machine takes is ended", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    bridge.carrier.answerAs("machine");
    await dial({ tenantId: TENANT, to: someone(), agent: "sales" });
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "answering_machine",
    );
  });

  test("is dialled once for one Idempotency-Key, and another body under it is refused", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const body = { tenantId: TENANT, to: someone(), agent: "sales" };
    const [first, second] = await Promise.all([
      dial(body, "k1"),
      dial(body, "k1"),
    ]);
    const statuses = [first.status, second.status].sort();
    expect([
      [202, 202],
      [202, 409],
    ]).toContainEqual(statuses);
    const again = await dial(body, "k1");
    expect(again.status).toBe(202);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const winner = first.status === 202 ? first : second;
    expect(await again.json()).toEqual(await winner.json());
    const other = await dial({ ...body, to: someone() }, "k1");
    expect(other.status).toBe(422);
    expect(bridge.carrier.liveCalls).toHaveLength(1);
    const metrics = await bridge.metrics();
    expect(metrics).toContain(
      'easymo_idempotency_total{surface="calls",outcome="mismatch"} 1',
    );
  });

  test("to somebody who opted out is refused with 409, by either path", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const to = someone();
    await bridge.agentCore.registerOptOut(
      { phone: to, channel: "whatsapp" },
      { idempotencyKey: to },
    );
    for (const path of ["/calls", "/calls/outbound"]) {
      const answer = await dial(
        { tenantId: TENANT, to, agent: "sales" },
        undefined,
        path,
      );
      expect(answer.status).toBe(409);
      expect(await answer.json()).toMatchObject({ code: "opted_out" });
    }
    expect(bridge.carrier.liveCalls).toEqual([]);
  });

  test("is not made when the registry can't be asked, and the key may be used again", async () => {
    const store = createMemoryStore(systemClock);
    bridge = await RunningBridge.start(agentCore.url, {
      agentCoreUrl: "http://127.0.0.1:9",
      store,
    });
    const body = { tenantId: TENANT, to: someone(), agent: "sales" };
    const refused = await dial(body, "k2");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refused.json()).toMatchObject({
      code: "registry_unavailable",
    });
    expect(bridge.carrier.liveCalls).toEqual([]);
    await bridge.close();
    bridge = await RunningBridge.start(agentCore.url, { store });
    expect((await dial(body, "k2")).status).toBe(202);
  });

  test("may say what only a newer caller knows", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const body = { tenantId: TENANT, to: someone(), agent: "sales" };
    expect((await dial({ ...body, surprise: 1 })).status).toBe(202);
  });

  test.each([
    [{ to: "12" }, 400, "to"],
    [{ tenantId: undefined }, 400, "tenantId"],
    [{ from: "+250780000002" }, 400, "from"],
    [{ agent: "nobody" }, 404, "nobody"],
    [{ agent: "survey" }, 404, "survey"],
  ])("with %j is refused with %i", async (changes, status, named) => {
    bridge = await RunningBridge.start(agentCore.url);
    const answer = await dial({
      tenantId: TENANT,
      to: someone(),
      agent: "sales",
      ...changes,
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(named);
    expect(bridge.carrier.liveCalls).toEqual([]);
  });
});

describe("the calls API", () => {
  async function onCall() {
    const call = bridge.carrier.placeCall({ from: someone(), to: DESK });
    const session = await bridge.model.session(bridge.model.sessions.length);
    await call.waitFor("streamStarted");
    session.answer("r1", "Muraho.", 100, await session.next("response.create"));
    await bridge.events.next("media.transcript");
    return { call, session };
  }

  test("lists the live calls, also under the old name, and shows one", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call } = await onCall();
    for (const path of ["/calls", "/analytics/live-calls"]) {
      const list = await (await bridge.api(path)).json();
      expect(list).toMatchObject({
        calls: [
          {
            callId: call.callSid,
            tenantId: TENANT,
            agent: "sales",
            status: "live",
          },
        ],
      });
    }
    const one = await bridge.api(`/calls/${call.callSid}`);
    expect(await one.json()).toMatchObject({ callId: call.callSid });
    expect((await bridge.api("/calls/CA-none")).status).toBe(404);
    expect(await (await bridge.api("/calls?tenantId=other")).json()).toEqual({
      calls: [],
    });
  });

  test("hangs up", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call } = await onCall();
    expect(
      (await bridge.api(`/calls/${call.callSid}/hangup`, { method: "POST" }))
        .status,
    ).toBe(202);
    expect((await call.waitFor("ended")).reason).toBe("twiml-hangup");
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "api_hangup",
    );
  });

  test("transfers to a number of its own choice", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session } = await onCall();
    const answer = await bridge.api(`/calls/${call.callSid}/transfer`, {
      method: "POST",
      body: JSON.stringify({ to: "+250788000077", reason: "supervisor" }),
    });
    expect(answer.status).toBe(202);
    session.answer(
      "r2",
      "Connecting.",
      100,
      await session.next("response.create", 1),
    );
    expect((await call.waitFor("dial")).numbers).toEqual(["+250788000077"]);
    expect((await bridge.events.next("call.transfer")).data).toMatchObject({
      to: "+250788000077",
      reason: "supervisor",
    });
  });

  test("turns the next caller away when all lines are busy: to the transfer target", async () => {
    bridge = await RunningBridge.start(agentCore.url, {
      env: { MAX_CALLS: "1" },
    });
    await onCall();
    const next = bridge.carrier.placeCall({ from: someone(), to: DESK });
    expect((await next.waitFor("say")).text).toContain("busy");
    expect((await next.waitFor("dial")).numbers).toEqual(["+250788000009"]);
    const refused = await dial({
      tenantId: TENANT,
      to: someone(),
      agent: "sales",
    });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "at_capacity" });
  });
});

describe("a bridge that is told to end", () => {
  test("ends what is live when the time to drain is over, and still tells the carrier how to go on", async () => {
    bridge = await RunningBridge.start(agentCore.url, {
      env: { DRAIN_SECONDS: "1" },
    });
    const call = bridge.carrier.placeCall({ from: someone(), to: DESK });
    const session = await bridge.model.session();
    await call.waitFor("streamStarted");
    session.answer("r1", "Muraho.", 100, await session.next("response.create"));
    await bridge.events.next("media.transcript");
    const closed = bridge.service.close();
    expect((await call.waitFor("dial")).numbers).toEqual(["+250788000009"]);
    await closed;
    expect((await bridge.events.next("call.stop")).data.reason).toBe("drained");
  });
});
