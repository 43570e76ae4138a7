import { createServer, type Server } from "node:http";
import {
  createEvent,
  createMemoryBus,
  createMemoryStore,
  type MemoryBus,
  type Store,
} from "@easymo/messaging";
import { optOutConfirmation } from "@easymo/opt-out-lexicon";
import { systemClock, type RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  expect,
  describe,
  test,
} from "@jest/globals";
import {
  quietKit,
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

/** Calls that OpenAI's SIP gateway has: handed over on the bus, led over the side-band socket. */

let agentCore: RunningService;
let bridge: RunningBridge;
let bus: MemoryBus;
let store: Store;
let rest: Server;
let asked: { path: string; body: string }[];
let whenAsked: (() => void)[];

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());

beforeEach(async () => {
  asked = [];
  whenAsked = [];
  rest = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ path: request.url ?? "", body });
      response.end();
      for (const wake of whenAsked.splice(0)) wake();
    });
  });
  await new Promise<void>((resolve) => rest.listen(0, "127.0.0.1", resolve));
  const address = rest.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  bus = createMemoryBus(quietKit("bus"));
  store = createMemoryStore(systemClock);
  bridge = await RunningBridge.start(agentCore.url, {
    bus,
    store,
    env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
  });
});

afterEach(async () => {
  await bridge.close();
  rest.closeAllConnections();
  await new Promise((resolve) => rest.close(resolve));
});

async function restCall(): Promise<{ path: string; body: string }> {
  const [first] = asked;
  if (first !== undefined) return first;
  await new Promise<void>((resolve) => whenAsked.push(resolve));
  return restCall();
}

async function handOver(
  callId: string,
  from: string,
  ageMs = 0,
): Promise<void> {
  const at = new Date(Date.now() - ageMs).toISOString();
  await bus.publishEvent(
    "voice.sip.events",
    createEvent("sip.connected", {
      source: "/sip-ingress/openai",
      tenantId: TENANT,
      requestId: "req-sip",
      subject: callId,
      data: {
        callId,
        tenantId: TENANT,
        agent: "sales",
        from,
        to: "sip:desk@kigali.example",
        at,
        timestamp: at,
        payload: { provider: "openai", openaiCallId: callId },
      },
    }),
  );
}

async function talking(callId: string, from: string) {
  await handOver(callId, from);
  const session = await bridge.model.session();
  const greeting = await session.next("response.create");
  const item = session.begin("r1", greeting);
  session.send({ type: "output_audio_buffer.started", response_id: "r1" });
  session.finish("r1", item, "Muraho.");
  session.send({ type: "output_audio_buffer.stopped", response_id: "r1" });
  await bridge.events.next("media.transcript");
  return session;
}

describe("a call over SIP", () => {
  test("is led over the side-band socket, with the agent's tools and without audio or thresholds", async () => {
    const session = await talking("rtc_1", "+250788600001");
    expect(bridge.model.requests[0]?.url).toBe("/v1/realtime?call_id=rtc_1");
    const { session: configured } = await session.next("session.update");
    expect(configured).toHaveProperty("tools.length", 7);
    expect(JSON.stringify(configured)).not.toMatch(
      /pcmu|threshold|turn_detection/,
    );
    expect(bridge.events.of("call.start")[0]?.data).toMatchObject({
      callId: "rtc_1",
      channel: "sip",
      from: "+250788600001",
    });
    expect(bridge.events.of("call.connected")).toHaveLength(1);
    expect(session.of("input_audio_buffer.append")).toEqual([]);
  });

  test("opts out by key: registered, confirmed, and hung up when that was heard", async () => {
    const session = await talking("rtc_2", "+250788600002");
    session.send({
      type: "input_audio_buffer.dtmf_event_received",
      event: "9",
      received_at: 1,
    });
    const confirm = await session.next("response.create", 1);
    expect(confirm.response).toHaveProperty(
      "instructions",
      expect.stringContaining(optOutConfirmation("en")),
    );
    const item = session.begin("r2", confirm);
    session.send({ type: "output_audio_buffer.started", response_id: "r2" });
    session.finish("r2", item, optOutConfirmation("en"));
    expect(asked).toEqual([]);
    session.send({ type: "output_audio_buffer.stopped", response_id: "r2" });
    expect((await restCall()).path).toBe("/v1/realtime/calls/rtc_2/hangup");
    expect((await bridge.events.next("call.opt_out")).data).toMatchObject({
      phone: "+250788600002",
      via: "dtmf",
    });
    await expect(
      bridge.agentCore.optOut("+250788600002"),
    ).resolves.toMatchObject({ optedOut: true });
    expect((await bridge.events.next("call.stop")).data.reason).toBe("opt_out");
  });

  test("is handed to a person by refer", async () => {
    const session = await talking("rtc_3", "+250788600003");
    session.callTool("r2", "call_1", "warm_transfer", {});
    const announce = await session.next("response.create", 1);
    const item = session.begin("r3", announce);
    session.send({ type: "output_audio_buffer.started", response_id: "r3" });
    session.finish("r3", item, "Connecting.");
    session.send({ type: "output_audio_buffer.stopped", response_id: "r3" });
    const refer = await restCall();
    expect(refer.path).toBe("/v1/realtime/calls/rtc_3/refer");
    expect(JSON.parse(refer.body)).toEqual({ target_uri: "tel:+250788000009" });
  });

  test("that drops its socket is joined again, without repeating the conversation", async () => {
    const session = await talking("rtc_4", "+250788600004");
    session.socket.terminate();
    const second = await bridge.model.session(1);
    await second.next("session.update");
    expect(bridge.model.requests[1]?.url).toContain("call_id=rtc_4");
    expect(second.of("conversation.item.create")).toEqual([]);
    expect(bridge.events.of("call.stop")).toEqual([]);
  });

  test("that is gone when its socket is opened again has been hung up by the caller", async () => {
    const session = await talking("rtc_5", "+250788600005");
    bridge.model.options = { refusesWith: 404 };
    session.socket.terminate();
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "caller_hangup",
    );
    expect(asked).toEqual([]);
  });

  test("can be gone on with by another replica for as long as it lasts", async () => {
    /** What another replica finds when this one is silent for long. */
    const leftBehind = () => {
      const nowMs = systemClock.now() + 3_600_000;
      const again = { nowMs, againMs: nowMs, limit: 10 };
      return store.versioned.claimDue("voice:led-calls", again);
    };
    const session = await talking("rtc_9", "+250788600009");
    expect(await leftBehind()).toEqual(["{voice:led-calls}:rtc_9"]);
    bridge.model.options = { refusesWith: 404 };
    session.socket.terminate();
    await bridge.events.next("call.stop");
    await until(async () => (await leftBehind()).length === 0);
  });

  test("is taken once though it is handed over twice, and not at all when it is long gone", async () => {
    await handOver("rtc_6", "+250788600006", 120_000);
    await talking("rtc_7", "+250788600007");
    await handOver("rtc_7", "+250788600007");
    await handOver("rtc_8", "+250788600008");
    await bridge.model.session(1);
    expect(bridge.model.requests.map((request) => request.url)).toEqual([
      "/v1/realtime?call_id=rtc_7",
      "/v1/realtime?call_id=rtc_8",
    ]);
  });
});
