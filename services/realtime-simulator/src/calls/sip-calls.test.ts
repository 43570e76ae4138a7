import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { tone, writeCaption } from "@easymo/telephone-audio";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import OpenAI from "openai";
import type { RealtimeClient } from "../testing/realtime-client.js";
import { TestSimulator } from "../testing/simulator.js";
import type { SipCall } from "./sip-call.js";

const SECRET = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`;
const AUTHORIZED = { authorization: "Bearer any-key" };

let simulator: TestSimulator;
let openai: OpenAI;
let webhook: Server;
let webhookUrl: string;
/** Answers of the webhook, in turn; then 200. */
let statuses: number[];
let deliveries: { body: string; headers: Headers }[];
let whenDelivered: (() => void)[];

beforeEach(async () => {
  simulator = await TestSimulator.start();
  openai = new OpenAI({
    apiKey: "any",
    baseURL: `${simulator.url}/v1`,
    webhookSecret: SECRET,
    maxRetries: 0,
  });
  statuses = [];
  deliveries = [];
  whenDelivered = [];
  webhook = createServer((req, res) => {
    void text(req).then((body) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(req.headers))
        headers.set(name, String(value));
      deliveries.push({ body, headers });
      res.statusCode = statuses.shift() ?? 200;
      res.end();
      for (const wake of whenDelivered.splice(0)) wake();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const address = webhook.address();
  if (address === null || typeof address === "string") throw new Error();
  webhookUrl = `http://127.0.0.1:${address.port}/webhook`;
});

afterEach(async () => {
  await simulator.close();
  webhook.closeAllConnections();
  await new Promise((resolve) => webhook.close(resolve));
});

function place(speed = 50): SipCall {
  return simulator.simulator.sip.place({
    from: '"A caller" <sip:+250788000001@carrier.example>',
    to: "<sip:desk@kigali.example>",
    webhook: { url: webhookUrl, secret: SECRET },
    speed,
  });
}

async function delivery(index = 0) {
  for (;;) {
    const found = deliveries[index];
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => whenDelivered.push(resolve));
  }
}

const SESSION = {
  type: "realtime",
  model: "gpt-realtime",
  instructions: "You sell spare parts.",
  audio: {
    input: { turn_detection: { type: "server_vad" } },
    output: { voice: "marin" },
  },
} as const;

function join(call: SipCall): Promise<RealtimeClient> {
  return simulator.open(AUTHORIZED, `?call_id=${call.callId}`);
}

/** A call that is answered, with a client beside it. */
async function live(speed?: number): Promise<{
  call: SipCall;
  client: RealtimeClient;
}> {
  const call = place(speed);
  await openai.realtime.calls.accept(call.callId, SESSION);
  const client = await join(call);
  await client.next("session.created");
  return { call, client };
}

function say(client: RealtimeClient, words: string): void {
  client.send({
    type: "response.create",
    response: { instructions: `Say exactly: "${words}"` },
  });
}

/** Longer than any machine could be busy with something else while it is told. */
const STORY =
  "A very long story about every part that a moto can have. ".repeat(12);

describe("a call over SIP", () => {
  test("is told of by a webhook that OpenAI's own client takes for signed, again until it is taken", async () => {
    statuses = [503];
    const call = place();
    const first = await delivery(0);
    const second = await delivery(1);
    expect(second.body).toBe(first.body);
    expect(second.headers.get("webhook-id")).toBe(
      first.headers.get("webhook-id"),
    );
    const event = await openai.webhooks.unwrap(second.body, second.headers);
    expect(event).toMatchObject({
      type: "realtime.call.incoming",
      data: {
        call_id: call.callId,
        sip_headers: expect.arrayContaining([
          { name: "To", value: "<sip:desk@kigali.example>" },
        ]),
      },
    });
  });

  test("is accepted with a session, which a client joins, and greets when it is asked to", async () => {
    const { call, client } = await live();
    await call.answered;
    const [created] = client.events;
    expect(created).toMatchObject({
      session: {
        model: "gpt-realtime",
        instructions: "You sell spare parts.",
        audio: {
          input: { format: { type: "audio/pcmu" } },
          output: { format: { type: "audio/pcmu" }, voice: "marin" },
        },
      },
    });
    say(client, "Muraho.");
    const started = await client.next("output_audio_buffer.started");
    const stopped = await client.next("output_audio_buffer.stopped");
    expect(stopped.response_id).toBe(started.response_id);
    const types = client.events.map((event) => event.type);
    // Its audio goes to the caller's ear, and to no socket.
    expect(types).not.toContain("response.output_audio.delta");
    expect(types.indexOf("response.done")).toBeLessThan(
      types.indexOf("output_audio_buffer.stopped"),
    );
    expect(types).toContain("response.output_audio_transcript.done");
    expect(call.heard().length).toBeGreaterThan(800);
  });

  test("hears its caller, who cuts off what is being said", async () => {
    const { call, client } = await live(1);
    client.send({
      type: "session.update",
      session: {
        type: "realtime",
        audio: { input: { transcription: { model: "gpt-4o-transcribe" } } },
      },
    });
    say(client, STORY);
    const { item } = await client.next("response.output_item.added");
    const started = await client.next("output_audio_buffer.started");
    await client.next("response.done");
    call.speak(
      writeCaption(tone({ hz: 440, durationMs: 600 }), {
        text: "How much is a brake pad?",
        language: "en",
      }),
    );
    const cleared = await client.next("output_audio_buffer.cleared");
    expect(cleared.response_id).toBe(started.response_id);
    const truncated = await client.next("conversation.item.truncated");
    expect(truncated.item_id).toBe(item.id);
    const heardMs = call.view().heardMs;
    expect(Math.abs(truncated.audio_end_ms - heardMs)).toBeLessThanOrEqual(1);
    // What was said may be written down before it is answered, or after.
    const [{ transcript }] = await Promise.all([
      client.nth("conversation.item.input_audio_transcription.completed", 1),
      client.nth("output_audio_buffer.started", 2),
    ]);
    expect(transcript).toBe("How much is a brake pad?");
    expect(client.all("output_audio_buffer.stopped")).toEqual([]);
  });

  test("is silent when a client clears its playback", async () => {
    const { call, client } = await live(1);
    say(client, STORY);
    await client.next("output_audio_buffer.started");
    await client.next("response.done");
    client.send({ type: "output_audio_buffer.clear" });
    await client.next("output_audio_buffer.cleared");
    const heard = call.heard().length;
    say(client, "Yes?");
    await client.next("output_audio_buffer.started");
    expect(call.heard().length).toBe(heard);
  });

  test("passes on the keys that its caller presses", async () => {
    const { call, client } = await live();
    call.press("9");
    expect(
      await client.next("input_audio_buffer.dtmf_event_received"),
    ).toMatchObject({ event: "9" });
  });

  test("goes on when a client's socket drops, and may be joined again until it is over", async () => {
    const { call, client } = await live();
    simulator.simulator.dropConnections();
    await client.closed;
    const second = await join(call);
    await second.next("session.created");
    say(second, "Still here.");
    await second.next("output_audio_buffer.stopped");
    call.hangUp();
    expect((await second.closed).code).toBe(1000);
    expect(await call.over).toEqual({ by: "caller" });
    await expect(join(call)).rejects.toThrow("404");
  });

  test("is hung up, or referred to another", async () => {
    const first = await live();
    await openai.realtime.calls.hangup(first.call.callId);
    expect(await first.call.over).toEqual({ by: "hangup" });
    await first.client.closed;
    const second = await live();
    await openai.realtime.calls.refer(second.call.callId, {
      target_uri: "tel:+250788000009",
    });
    expect(await second.call.over).toEqual({
      by: "refer",
      target: "tel:+250788000009",
    });
  });

  test("is rejected, with 603 unless told", async () => {
    const [busy, declined] = [place(), place()];
    await openai.realtime.calls.reject(busy.callId, { status_code: 486 });
    await openai.realtime.calls.reject(declined.callId);
    expect(await busy.over).toEqual({ by: "reject", status: 486 });
    expect(await declined.over).toEqual({ by: "reject", status: 603 });
  });

  test("can't be accepted twice, joined before it is answered, or asked for without a key", async () => {
    const call = place();
    await expect(join(call)).rejects.toThrow("404");
    await openai.realtime.calls.accept(call.callId, SESSION);
    for (const refused of [
      openai.realtime.calls.accept(call.callId, SESSION),
      openai.realtime.calls.reject(call.callId),
      openai.realtime.calls.hangup("rtc_none"),
    ])
      await expect(refused).rejects.toMatchObject({
        status: 404,
        code: "call_id_not_found",
      });
    const answer = await fetch(
      `${simulator.url}/v1/realtime/calls/${call.callId}/hangup`,
      { method: "POST" },
    );
    expect(answer.status).toBe(401);
  });

  test("is not accepted with what accept does not know", async () => {
    const call = place();
    const input = {
      turn_detection: { type: "server_vad", threshold: 0.7 },
    } as const;
    await expect(
      openai.realtime.calls.accept(call.callId, {
        ...SESSION,
        audio: { input },
      }),
    ).rejects.toMatchObject({
      status: 400,
      code: "unknown_parameter",
      param: "audio.input.turn_detection.threshold",
    });
    await openai.realtime.calls.accept(call.callId, SESSION);
    await call.answered;
  });
});

describe("the callers of a simulator in a process of its own", () => {
  function post(path: string, body: object): Promise<Response> {
    return fetch(`${simulator.url}/sip-calls${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  test("come, speak, press keys and hang up over HTTP", async () => {
    const placed = await post("", {
      from: "sip:+250788000001@carrier.example",
      to: "sip:desk@kigali.example",
      webhook: { url: webhookUrl, secret: SECRET },
      speed: 50,
    });
    expect(placed.status).toBe(201);
    await delivery();
    const [call] = simulator.simulator.sip.calls;
    if (call === undefined) throw new Error("no call");
    expect((await post(`/${call.callId}/press`, { key: "1" })).status).toBe(
      409,
    );
    await openai.realtime.calls.accept(call.callId, SESSION);
    const client = await join(call);
    const audio = tone({ hz: 440, durationMs: 600 }).toString("base64");
    expect((await post(`/${call.callId}/speak`, { audio })).status).toBe(200);
    await client.next("input_audio_buffer.speech_stopped");
    expect((await post(`/${call.callId}/press`, { key: "1" })).status).toBe(
      200,
    );
    await client.next("input_audio_buffer.dtmf_event_received");
    await post(`/${call.callId}/hangup`, {});
    const list = await fetch(`${simulator.url}/sip-calls`);
    expect(await list.json()).toMatchObject({
      calls: [
        { callId: call.callId, state: "ended", ending: { by: "caller" } },
      ],
    });
    expect((await post("/rtc_none/hangup", {})).status).toBe(404);
  });
});
