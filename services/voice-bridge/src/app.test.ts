import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import type { RunningService } from "@easymo/service-kit";
import { optOutConfirmation } from "@easymo/opt-out-lexicon";
import { DESK } from "./testing/machine-fixture.js";
import {
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

let agentCore: RunningService;
let bridge: RunningBridge;
let people = 0;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());
afterEach(() => bridge.close());

/** A number that no other test has called from. */
function someone(): string {
  people += 1;
  return `+25078820${String(people).padStart(4, "0")}`;
}

async function answered(from = someone()) {
  const call = bridge.carrier.placeCall({ from, to: DESK });
  const session = await bridge.model.session(bridge.model.sessions.length);
  await call.waitFor("streamStarted");
  const greeting = await session.next("response.create");
  return { call, session, greeting, from };
}

describe("a call", () => {
  test("is configured for G.711 both ways, by the GA protocol, with the agent's words and tools", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { session } = await answered();
    const [request] = bridge.model.requests;
    expect(request?.headers.authorization).toBe("Bearer test-key");
    expect(request?.headers["openai-beta"]).toBeUndefined();
    expect(request?.url).toBe("/v1/realtime?model=gpt-realtime");
    const update = await session.next("session.update");
    expect(update.session).toMatchObject({
      type: "realtime",
      output_modalities: ["audio"],
      audio: {
        input: {
          format: { type: "audio/pcmu" },
          turn_detection: { type: "server_vad" },
        },
        output: { format: { type: "audio/pcmu" }, voice: "marin" },
      },
    });
    expect(update.session).toHaveProperty("tools.length", 7);
    expect(update.session).toHaveProperty(
      "instructions",
      expect.stringContaining("moto spare parts"),
    );
  });

  test("passes audio byte for byte and in order, both ways", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session, greeting } = await answered();
    const spoken = Buffer.from(
      Array.from({ length: 160 * 50 }, (_, i) => (i * 7) % 251),
    );
    await call.speak(spoken);
    await untilHeard(() => session.heard, spoken);

    const item = session.begin("r1", greeting);
    const said = Buffer.from(
      Array.from({ length: 12_345 }, (_, i) => (i * 11) % 253),
    );
    for (let at = 0; at < said.length; at += 777)
      session.audio("r1", item, said.subarray(at, at + 777));
    session.finish("r1", item, "Hello.");
    const transcript = await bridge.events.next("media.transcript");
    expect(transcript.data).toMatchObject({
      role: "assistant",
      text: "Hello.",
      interrupted: false,
      heardMs: 1543,
    });
    expect(call.heard().includes(said)).toBe(true);
  });

  test("begins with the first words at once: they are asked for before the line is there", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const call = bridge.carrier.placeCall({ from: someone(), to: DESK });
    const session = await bridge.model.session();
    const greeting = await session.next("response.create");
    expect(greeting.response).toHaveProperty(
      "instructions",
      expect.stringContaining(
        'Say exactly: "Muraho, you are speaking with the spare parts desk."',
      ),
    );
    const early = Buffer.alloc(800, 0x21);
    const item = session.begin("r1", greeting);
    session.audio("r1", item, early);
    session.finish("r1", item, "Muraho.");
    await bridge.events.next("media.transcript");
    expect(call.heard().includes(early)).toBe(true);
  });

  test("is told from start to stop, each event once", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session, greeting, from } = await answered();
    session.answer("r1", "Muraho.", 200, greeting);
    await bridge.events.next("media.transcript");
    call.hangUp();
    const stop = await bridge.events.next("call.stop");
    const common = {
      callId: call.callSid,
      tenantId: TENANT,
      from,
      to: DESK,
      agent: "sales",
    };
    expect(bridge.events.of("call.start")[0]?.data).toMatchObject({
      ...common,
      direction: "inbound",
      channel: "twilio",
    });
    expect(bridge.events.of("call.connected")[0]?.data).toMatchObject({
      ...common,
      model: "gpt-realtime",
      voice: "marin",
    });
    expect(stop.data).toMatchObject({
      ...common,
      reason: "caller_hangup",
      usage: {
        input_text: 10,
        input_audio: 20,
        output_text: 3,
        output_audio: 7,
      },
    });
    const ids = bridge.events.events.map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
    const metrics = await bridge.metrics();
    expect(metrics).toContain(
      'easymo_voice_calls_total{direction="inbound",outcome="caller_hangup"} 1',
    );
    expect(metrics).toContain("easymo_voice_calls_active 0");
    expect(metrics).toMatch(
      /easymo_voice_frames_total\{direction="inbound"\} \d+/,
    );
    expect(metrics).toContain(
      'easymo_model_tokens_total{kind="output_audio"} 7',
    );
  });

  test("sends samples of its media", async () => {
    bridge = await RunningBridge.start(agentCore.url, {
      env: { MEDIA_SAMPLE_SECONDS: "1" },
    });
    await answered();
    const sample = await bridge.events.next("media.sample");
    expect(sample.data.inbound.frames).toBeGreaterThan(10);
    expect(sample.data.inbound.bytes).toBe(sample.data.inbound.frames * 160);
    expect(sample.data.windowMs).toBeGreaterThanOrEqual(1_000);
  });

  test("has samples that together are the whole call, the last and shorter window too", async () => {
    bridge = await RunningBridge.start(agentCore.url, {
      env: { MEDIA_SAMPLE_SECONDS: "1" },
    });
    const { call } = await answered();
    await bridge.events.next("media.sample");
    call.hangUp();
    await bridge.events.next("call.stop");
    const counted = () =>
      bridge.events
        .of("media.sample")
        .reduce((sum, { data }) => sum + data.inbound.frames, 0);
    while (counted() < call.sentFrames) await bridge.events.more();
    expect(counted()).toBe(call.sentFrames);
  });
});

describe("a caller who speaks over the agent", () => {
  test("stops it: clear to the carrier, truncate at what was heard, late audio dropped", async () => {
    bridge = await RunningBridge.start(agentCore.url, { speed: 1 });
    const { call, session, greeting } = await answered();
    const item = session.begin("r1", greeting);
    session.audio("r1", item, Buffer.alloc(800, 1));
    session.audio("r1", item, Buffer.alloc(80_000, 2));
    await call.waitFor("mark");
    session.send({ type: "input_audio_buffer.speech_started", item_id: "u1" });
    const cleared = await call.waitFor("clear");
    expect(cleared.discardedBytes).toBeGreaterThan(40_000);
    const truncate = await session.next("conversation.item.truncate");
    expect(truncate).toMatchObject({
      item_id: item,
      content_index: 0,
      audio_end_ms: 100,
    });
    session.audio("r1", item, Buffer.alloc(1_600, 3));
    session.send({
      type: "response.output_audio_transcript.done",
      item_id: item,
      transcript: "A long story",
    });
    session.done("r1", "cancelled");
    session.answer("r2", "Yes?", 100);
    const cut = await bridge.events.next("media.transcript");
    expect(cut.data).toMatchObject({
      text: "A long story",
      interrupted: true,
      heardMs: 100,
      audioMs: 10_100,
    });
    await bridge.events.next("media.transcript", 1);
    expect(call.heard().includes(Buffer.alloc(160, 3))).toBe(false);
    expect(session.of("conversation.item.truncate")).toHaveLength(1);
    expect(await bridge.metrics()).toContain("easymo_voice_barge_in_total 1");
  });
});

describe("a caller who wants no more calls", () => {
  test("is confirmed, published, registered, let go, and never dialled again", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session, greeting, from } = await answered();
    session.answer("r1", "Muraho.", 100, greeting);
    await bridge.events.next("media.transcript");
    session.understood("Please stop calling me");
    const confirm = await session.next("response.create", 1);
    expect(confirm.response).toHaveProperty(
      "instructions",
      expect.stringContaining(optOutConfirmation("en")),
    );
    session.answer("r2", optOutConfirmation("en"), 300, confirm);
    const ended = await call.waitFor("ended");
    expect(ended.reason).toBe("twiml-hangup");
    expect((await bridge.events.next("call.opt_out")).data).toMatchObject({
      phone: from,
      via: "speech",
      language: "en",
    });
    expect((await bridge.events.next("call.stop")).data.reason).toBe("opt_out");
    await expect(bridge.agentCore.optOut(from)).resolves.toMatchObject({
      optedOut: true,
      channel: "voice",
    });
    const refused = await bridge.api("/calls", {
      method: "POST",
      body: JSON.stringify({ tenantId: TENANT, to: from, agent: "sales" }),
    });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "opted_out" });
  });

  test("may press the digit, though the model says nothing more", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session, from } = await answered();
    call.press("9");
    expect((await bridge.events.next("call.opt_out")).data.via).toBe("dtmf");
    session.socket.terminate();
    await call.waitFor("ended");
    await expect(bridge.agentCore.optOut(from)).resolves.toMatchObject({
      optedOut: true,
    });
  });
});

describe("a caller who wants to pay", () => {
  test("hears agent-core's code in our wording, and gets it by WhatsApp", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { session, greeting, from } = await answered();
    session.answer("r1", "Muraho.", 100, greeting);
    session.callTool("r2", "call_1", "collect_payment", { amount: 5000 });
    const result = await session.next("conversation.item.create");
    expect(result.item).toMatchObject({
      type: "function_call_output",
      call_id: "call_1",
    });
    const say = await session.next("response.create", 1);
    expect(say.response).toMatchObject({ tool_choice: "none" });
    expect(say.response).toHaveProperty(
      "instructions",
      expect.stringContaining(
        "star, one, eight, two, star, eight, star, one, star, zero, one, two, three, four, five, star, five, zero, zero, zero, hash",
      ),
    );
    expect(
      (await bridge.events.next("call.payment_prompt")).data,
    ).toMatchObject({
      method: "momo_ussd",
      region: "rw",
      amount: 5000,
      currency: "RWF",
      ussd: "*182*8*1*012345*5000#",
      language: "en",
    });
    expect((await bridge.events.next("message.send")).data).toMatchObject({
      to: from,
      kind: "text",
      text: "To pay 5,000 RWF, dial *182*8*1*012345*5000#",
    });
    // A digit is left out: it is said again.
    session.answer("r3", "Dial *182*8*1*012345*500#", 200, say);
    const again = await session.next("response.create", 2);
    expect(again.response).toHaveProperty(
      "instructions",
      expect.stringContaining("star, five, zero, zero, zero, hash"),
    );
    session.answer("r4", "Dial *182*8*1*012345*5000#", 200, again);
    await bridge.events.next("media.transcript", 2);
    expect(session.of("response.create")).toHaveLength(3);
  });
});

describe("a tool", () => {
  test("that is not the agent's, or gets wrong arguments, answers the model with an error", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { session } = await answered();
    session.callTool("r1", "call_1", "drop_tables", {});
    session.callTool("r2", "call_2", "collect_payment", { amount: -1 });
    const first = await session.next("conversation.item.create");
    const second = await session.next("conversation.item.create", 1);
    expect(first.item).toHaveProperty(
      "output",
      expect.stringContaining("unknown_tool"),
    );
    expect(second.item).toHaveProperty(
      "output",
      expect.stringContaining("invalid_arguments"),
    );
    expect(await bridge.metrics()).toContain(
      'easymo_tool_calls_total{tool="collect_payment",outcome="refused"} 1',
    );
  });

  test("captures an intent as an event", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { session, from, call } = await answered();
    session.callTool("r1", "call_1", "capture_intent", {
      name: "find_part",
      confidence: 0.9,
      slots: { item: "brake pads" },
      language: "rw",
    });
    expect((await bridge.events.next("intent.captured")).data).toMatchObject({
      name: "find_part",
      confidence: 0.9,
      slots: { item: "brake pads" },
      language: "rw",
      channel: "voice",
      contact: from,
      callId: call.callSid,
    });
  });

  test("hands the caller to a person: announced, told, dialled", async () => {
    bridge = await RunningBridge.start(agentCore.url);
    const { call, session, greeting } = await answered();
    session.answer("r1", "Muraho.", 100, greeting);
    session.callTool("r2", "call_1", "warm_transfer", {
      reason: "wants a person",
    });
    const announce = await session.next("response.create", 1);
    session.answer("r3", "Connecting you.", 200, announce);
    const dialled = await call.waitFor("dial");
    expect(dialled.numbers).toEqual(["+250788000009"]);
    expect((await bridge.events.next("call.transfer")).data).toMatchObject({
      to: "+250788000009",
      queue: "sales",
      reason: "wants a person",
    });
  });
});

async function untilHeard(
  heard: () => Buffer,
  expected: Buffer,
): Promise<void> {
  while (!heard().includes(expected))
    await new Promise((resolve) => setImmediate(resolve));
}
