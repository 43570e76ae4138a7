import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { signRequest } from "@easymo/carrier-simulator";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import WebSocket from "ws";
import { FakeModel } from "./testing/fake-model.js";
import { DESK } from "./testing/machine-fixture.js";
import {
  AUTH_TOKEN,
  MEDIA_TOKEN,
  NO_AGENT_CORE,
  PUBLIC_URL,
  RunningBridge,
  TENANT,
} from "./testing/running-bridge.js";

let bridge: RunningBridge;
let calls = 0;

afterEach(() => bridge.close());

function mediaUrl(): string {
  return `${bridge.service.url.replace("http", "ws")}/twilio-media`;
}

async function socket(
  headers: Record<string, string> = { authorization: `Bearer ${MEDIA_TOKEN}` },
): Promise<WebSocket> {
  const ws = new WebSocket(mediaUrl(), { headers });
  await once(ws, "open");
  return ws;
}

async function closeOf(
  ws: WebSocket,
): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    ws.on("error", () => undefined);
    ws.on("close", (code, reason) =>
      resolve({ code, reason: reason.toString() }),
    );
  });
}

function startMessage(
  parameters: Record<string, string>,
  callSid = `CA-bad-${++calls}`,
): string {
  return JSON.stringify({
    event: "start",
    sequenceNumber: "1",
    streamSid: `MZ-${callSid}`,
    start: {
      accountSid: "AC1",
      callSid,
      streamSid: `MZ-${callSid}`,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: parameters,
    },
  });
}

const GOOD = {
  tenantId: TENANT,
  agent: "sales",
  from: "+250788999001",
  to: DESK,
};

function media(payload: string): string {
  return `{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"${payload}"},"streamSid":"MZ1"}`;
}

const FRAME = Buffer.alloc(160, 0x33).toString("base64");

/** Another call goes through whole: nothing else was harmed. */
async function expectAnotherCallToWork(): Promise<void> {
  const call = bridge.carrier.placeCall({ from: "+250788999002", to: DESK });
  const session = await bridge.model.session(bridge.model.sessions.length);
  await call.waitFor("streamStarted");
  const request = await session.next("response.create");
  session.answer("ok", "Hello.", 100, request);
  const transcript = await bridge.events.next("media.transcript");
  expect(transcript.data.text).toBe("Hello.");
  call.hangUp();
}

describe("who is let in", () => {
  beforeEach(async () => {
    bridge = await RunningBridge.start(NO_AGENT_CORE);
  });

  async function voice(
    headers: Record<string, string>,
    to = DESK,
  ): Promise<Response> {
    return fetch(`${bridge.service.url}/twilio/voice`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
      body: new URLSearchParams({
        CallSid: "CA-x",
        From: "+250788999003",
        To: to,
        Direction: "inbound",
      }),
    });
  }

  test("a webhook without a signature, or with a wrong one, is refused and opens no model", async () => {
    for (const headers of [{}, { "x-twilio-signature": "d3Jvbmc=" }]) {
      const answer = await voice(headers);
      expect(answer.status).toBe(403);
      expect(answer.headers.get("content-type")).toContain(
        "application/problem+json",
      );
      expect(await answer.json()).toMatchObject({ code: "invalid_signature" });
    }
    expect(bridge.model.requests).toEqual([]);
  });

  test("a signature over another address than PUBLIC_URL's is refused", async () => {
    const form = {
      CallSid: "CA-x",
      From: "+250788999003",
      To: DESK,
      Direction: "inbound",
    };
    const signature = signRequest(
      AUTH_TOKEN,
      "https://evil.example/twilio/voice",
      form,
    );
    expect((await voice({ "x-twilio-signature": signature })).status).toBe(403);
    const right = signRequest(AUTH_TOKEN, `${PUBLIC_URL}/twilio/voice`, form);
    expect((await voice({ "x-twilio-signature": right })).status).toBe(200);
  });

  test("a call to a number that nobody has is told so and hung up", async () => {
    const call = bridge.carrier.placeCall({
      from: "+250788999004",
      to: "+250780009999",
    });
    expect((await call.waitFor("say")).text).toContain("not in service");
    expect((await call.waitFor("ended")).reason).toBe("twiml-hangup");
    expect(bridge.model.requests).toEqual([]);
  });

  test.each([
    ["nothing", {}],
    ["a wrong token", { authorization: "Bearer wrong" }],
    ["a wrong signature", { "x-twilio-signature": "d3Jvbmc=" }],
  ])(
    "a media socket with %s is refused with 401 before any model is opened",
    async (_name, headers) => {
      const ws = new WebSocket(mediaUrl(), {
        headers: { ...headers, "x-request-id": "the-upgrade" },
      });
      const response = await new Promise<IncomingMessage>((resolve) => {
        ws.on("error", () => undefined);
        ws.on("unexpected-response", (_request, answer) => resolve(answer));
      });
      expect(response.statusCode).toBe(401);
      expect(response.headers).toMatchObject({
        "content-type": "application/problem+json",
        "x-request-id": "the-upgrade",
      });
      expect(JSON.parse(await text(response))).toMatchObject({
        status: 401,
        code: "unauthorized",
        instance: "the-upgrade",
      });
      expect(bridge.model.requests).toEqual([]);
    },
  );

  test("the calls API is closed without its token", async () => {
    const answer = await fetch(`${bridge.service.url}/calls`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "unauthorized" });
  });
});

describe("a media socket that sends what it should not", () => {
  beforeEach(async () => {
    bridge = await RunningBridge.start(NO_AGENT_CORE);
  });

  test.each([
    ["media before start", media(FRAME), 1008],
    ["no JSON", "hello", 1008],
    ["a mark before start", '{"event":"mark","mark":{"name":"m1"}}', 1008],
    [
      "a start without a call",
      '{"event":"start","streamSid":"MZ1","start":{}}',
      1008,
    ],
    [
      "a start for a number that nobody has",
      startMessage({ ...GOOD, to: "+250780009999" }),
      1008,
    ],
    ["a start without numbers", startMessage({}), 1008],
    ["a message of 1 MiB", "x".repeat(1_048_576), 1009],
  ])(
    "%s: is closed with a reason, and nothing else is harmed",
    async (_name, message, code) => {
      const ws = await socket();
      const closed = closeOf(ws);
      ws.send(message);
      expect((await closed).code).toBe(code);
      expect(bridge.model.sessions).toHaveLength(0);
      await expectAnotherCallToWork();
    },
  );

  test("a binary frame is closed with 1003", async () => {
    const ws = await socket();
    const closed = closeOf(ws);
    ws.send(Buffer.alloc(160), { binary: true });
    expect((await closed).code).toBe(1003);
    await expectAnotherCallToWork();
  });

  test("a second socket for the same call is closed with 1008, and the first goes on", async () => {
    const first = await socket();
    first.send(startMessage(GOOD, "CA-twice"));
    const session = await bridge.model.session();
    const second = await socket();
    const closed = closeOf(second);
    second.send(startMessage(GOOD, "CA-twice"));
    expect(await closed).toEqual({
      code: 1008,
      reason: expect.stringContaining("media socket already"),
    });
    first.send(media(FRAME));
    await session.next("input_audio_buffer.append");
    expect(bridge.model.sessions).toHaveLength(1);
    first.terminate();
  });

  test("bad base64 and unknown events are dropped, and the call goes on", async () => {
    const ws = await socket();
    ws.send(startMessage(GOOD));
    const session = await bridge.model.session();
    ws.send(media("not base64!"));
    ws.send(media("AAA"));
    ws.send('{"event":"media","media":{}}');
    ws.send('{"event":"surprise","what":1}');
    ws.send("not even JSON");
    ws.send('{ "event": "media", "media": { "payload": "AAAA*" } }');
    ws.send(media(FRAME));
    const append = await session.next("input_audio_buffer.append");
    expect(append.audio).toBe(FRAME);
    expect(await bridge.metrics()).toContain(
      'easymo_voice_frames_total{direction="malformed"} 3',
    );
    ws.terminate();
  });

  test("audio in another form than Twilio's own arrives just so", async () => {
    const ws = await socket();
    ws.send(startMessage(GOOD));
    const session = await bridge.model.session();
    ws.send(
      JSON.stringify({ media: { payload: FRAME }, event: "media" }, null, 2),
    );
    const append = await session.next("input_audio_buffer.append");
    expect(append.audio).toBe(FRAME);
    ws.terminate();
  });

  test("a socket that falls silent is let go", async () => {
    await bridge.close();
    bridge = await RunningBridge.start(NO_AGENT_CORE, {
      env: { CALL_IDLE_SECONDS: "1" },
    });
    const ws = await socket();
    const closed = closeOf(ws);
    ws.send(startMessage(GOOD));
    expect((await closed).code).toBe(1000);
    expect((await bridge.events.next("call.stop")).data.reason).toBe("idle");
  });
});

describe("a model that misbehaves", () => {
  test("cannot be reached: the caller is told so by the carrier and transferred", async () => {
    const model = await FakeModel.start({ refusesWith: 503 });
    bridge = await RunningBridge.start(NO_AGENT_CORE, { model });
    const call = bridge.carrier.placeCall({ from: "+250788999005", to: DESK });
    expect((await call.waitFor("say")).text).toContain("technical problem");
    expect((await call.waitFor("dial")).numbers).toEqual(["+250788000009"]);
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "model_unreachable",
    );
  });

  test("never answers: the same, within 5 s", async () => {
    const model = await FakeModel.start({ configures: false });
    bridge = await RunningBridge.start(NO_AGENT_CORE, { model });
    const call = bridge.carrier.placeCall({ from: "+250788999006", to: DESK });
    await call.waitFor("dial");
    const stop = await bridge.events.next("call.stop");
    expect(stop.data.durationMs).toBeGreaterThanOrEqual(4_900);
    expect(stop.data.durationMs).toBeLessThan(10_000);
  });

  test("closes: a new session takes over inside a second, with the conversation and the call up", async () => {
    bridge = await RunningBridge.start(NO_AGENT_CORE);
    const call = bridge.carrier.placeCall({ from: "+250788999007", to: DESK });
    const first = await bridge.model.session();
    await call.waitFor("streamStarted");
    first.answer("r1", "Muraho.", 100, await first.next("response.create"));
    await bridge.events.next("media.transcript");
    first.understood("I need brake pads");
    await bridge.events.next("media.transcript", 1);
    const droppedAtMs = performance.now();
    first.socket.terminate();
    const second = await bridge.model.session(1);
    const items = [
      await second.next("conversation.item.create"),
      await second.next("conversation.item.create", 1),
    ];
    expect(items.map((event) => event.item)).toEqual([
      {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Muraho." }],
      },
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "I need brake pads" }],
      },
    ]);
    await second.next("input_audio_buffer.append");
    expect(performance.now() - droppedAtMs).toBeLessThan(5_000);
    expect(call.ending).toBeUndefined();
    expect(await bridge.metrics()).toContain(
      'easymo_model_reconnects_total{reason="dropped"} 1',
    );
  });

  test("nears its session's limit: the next session takes over while the call is up", async () => {
    bridge = await RunningBridge.start(NO_AGENT_CORE, {
      env: { MODEL_SESSION_MAX_SECONDS: "2" },
    });
    const call = bridge.carrier.placeCall({ from: "+250788999008", to: DESK });
    const first = await bridge.model.session();
    await call.waitFor("streamStarted");
    first.answer("r1", "Muraho.", 100, await first.next("response.create"));
    const second = await bridge.model.session(1);
    await second.next("input_audio_buffer.append");
    expect(call.ending).toBeUndefined();
  });

  test("says garbage once and is forgiven, says it again and again and is replaced", async () => {
    bridge = await RunningBridge.start(NO_AGENT_CORE);
    const call = bridge.carrier.placeCall({ from: "+250788999009", to: DESK });
    const first = await bridge.model.session();
    await call.waitFor("streamStarted");
    first.socket.send("{");
    first.answer("r1", "Muraho.", 100, await first.next("response.create"));
    await bridge.events.next("media.transcript");
    for (let i = 0; i < 5; i++) first.socket.send("%%%");
    await bridge.model.session(1);
    expect(await bridge.metrics()).toContain(
      'easymo_model_reconnects_total{reason="garbage"} 1',
    );
  });
});
