import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@easymo/service-kit";
import { tone } from "@easymo/telephone-audio";
import { signRequest } from "./signature.js";
import {
  ACCOUNT_SID,
  Application,
  AUTH_TOKEN,
  expectedSignature,
  PUBLIC_URL,
} from "./fixtures/application.js";
import {
  CarrierSimulator,
  type CarrierSimulatorOptions,
} from "./carrier-simulator.js";

const from = "+250788123456";
const to = "+250780000001";
const streamTwiml =
  '<Connect><Stream url="wss://voice.example/media" statusCallback="/stream">' +
  '<Parameter name="tenantId" value="kigali-parts"/></Stream></Connect>';

let application: Application;
const carriers: CarrierSimulator[] = [];

function carrier(options: Partial<CarrierSimulatorOptions> = {}) {
  const simulator = new CarrierSimulator({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    voiceUrl: `${application.url}/voice`,
    publicUrl: PUBLIC_URL,
    speed: 20,
    clock: systemClock,
    ...options,
  });
  carriers.push(simulator);
  return simulator;
}

beforeEach(async () => {
  application = await Application.start();
  application.answers.set("/stream", { text: "" });
});

afterEach(async () => {
  await Promise.all(carriers.splice(0).map((simulator) => simulator.close()));
  await application.close();
});

describe("someone who dials a number", () => {
  test("makes the carrier ask the application, signed over its public address", async () => {
    application.twiml("/voice", "<Hangup/>");
    const call = carrier().placeCall({ from, to });
    const request = await application.request("/voice");
    expect(request.parameters).toEqual({
      AccountSid: ACCOUNT_SID,
      ApiVersion: "2010-04-01",
      CallSid: call.callSid,
      CallStatus: "ringing",
      Called: to,
      Caller: from,
      Direction: "inbound",
      From: from,
      To: to,
    });
    expect(request.signature).toBe(expectedSignature(request));
    expect(call.callSid).toMatch(/^CA[0-9a-f]{32}$/);
    expect(await call.waitFor("ended")).toMatchObject({
      reason: "twiml-hangup",
      status: "completed",
    });
  });

  test("is connected to the stream with its parameters, signed over the wss address", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    expect(stream.signature).toBe(
      signRequest(AUTH_TOKEN, "wss://voice.example/media"),
    );
    expect(stream.messages[0]).toEqual({
      event: "connected",
      protocol: "Call",
      version: "1.0.0",
    });
    expect(stream.messages[1]).toEqual({
      event: "start",
      sequenceNumber: "1",
      streamSid: call.streamSid,
      start: {
        accountSid: ACCOUNT_SID,
        streamSid: call.streamSid,
        callSid: call.callSid,
        tracks: ["inbound"],
        mediaFormat: {
          encoding: "audio/x-mulaw",
          sampleRate: 8000,
          channels: 1,
        },
        customParameters: { tenantId: "kigali-parts" },
      },
    });
    expect(call.state).toBe("in-progress");
    const started = await application.request("/stream");
    expect(started.parameters).toMatchObject({
      StreamEvent: "stream-started",
      StreamSid: call.streamSid,
      CallSid: call.callSid,
    });
    expect(started.signature).toBe(expectedSignature(started));
  });

  test("is heard byte for byte, in numbered 20 ms frames, with silence around", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const speech = tone({ hz: 440, durationMs: 300 });
    await call.speak(speech);
    const stream = await application.stream();
    await stream.until(
      (m) => m.media?.payload === Buffer.alloc(160, 0xff).toString("base64"),
    );
    expect(stream.audio().subarray(0, speech.length)).toEqual(speech);
    const frames = stream.messages.filter((m) => m.event === "media");
    frames.forEach((frame, index) => {
      expect(frame.sequenceNumber).toBe(String(index + 2));
      expect(frame.media).toMatchObject({
        track: "inbound",
        chunk: String(index + 1),
        timestamp: String(index * 20),
      });
    });
  });

  test("sends nothing between utterances on a line without silence", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier({ sendSilence: false }).placeCall({ from, to });
    await call.speak(Buffer.alloc(320, 1));
    await call.waitFor("streamStarted");
    call.press("5");
    const stream = await application.stream();
    await stream.until((m) => m.event === "dtmf");
    expect(stream.audio()).toEqual(Buffer.alloc(320, 1));
  });

  test("may be hushed in the middle of a word", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    await call.waitFor("streamStarted");
    const speaking = call.speak(Buffer.alloc(80_000, 1));
    expect(call.unsaidBytes).toBe(80_000);
    call.hush();
    await speaking;
    expect(call.unsaidBytes).toBe(0);
  });

  test("presses keys that arrive as dtmf messages; other keys do not exist", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    call.press("*");
    expect(await stream.until((m) => m.event === "dtmf")).toMatchObject({
      streamSid: call.streamSid,
      dtmf: { track: "inbound_track", digit: "*" },
    });
    expect(() => call.press("x")).toThrow(RangeError);
  });

  test("who hangs up ends the stream with stop, and the status is reported", async () => {
    application.twiml("/voice", streamTwiml);
    application.answers.set("/status", { text: "" });
    const simulator = carrier({ statusUrl: `${application.url}/status` });
    const call = simulator.placeCall({ from, to });
    const stream = await application.stream();
    call.hangUp();
    expect(await stream.until((m) => m.event === "stop")).toMatchObject({
      streamSid: call.streamSid,
      stop: { accountSid: ACCOUNT_SID, callSid: call.callSid },
    });
    expect(await stream.closed).toBe(1000);
    const status = await application.request("/status");
    expect(status.parameters).toMatchObject({
      CallSid: call.callSid,
      CallStatus: "completed",
      CallbackSource: "call-progress-events",
      SequenceNumber: "0",
    });
    expect(Number(status.parameters.CallDuration)).toBeGreaterThanOrEqual(0);
    expect(status.signature).toBe(expectedSignature(status));
    expect(simulator.liveCalls).toEqual([]);
  });
});

describe("what the stream's server sends", () => {
  test("is heard byte for byte, and its marks come back when they are heard", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    const greeting = tone({ hz: 300, durationMs: 200 });
    const rest = tone({ hz: 500, durationMs: 107 });
    const idle = call.waitFor("idle");
    stream.play(greeting);
    stream.mark("greeting");
    stream.play(rest);
    stream.mark("rest");
    await idle;
    await stream.until((m) => m.mark?.name === "rest");
    expect(call.heard()).toEqual(Buffer.concat([greeting, rest]));
    const marks = stream.messages.filter((m) => m.event === "mark");
    expect(marks.map((m) => m.mark?.name)).toEqual(["greeting", "rest"]);
    expect(call.past("problem")).toEqual([]);
  });

  test("takes its time: a second of audio is heard for a second of line time", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier({ speed: 10 }).placeCall({ from, to });
    const stream = await application.stream();
    const startedMs = systemClock.monotonicMs();
    stream.play(Buffer.alloc(8000));
    await call.waitFor("idle");
    const tookMs = systemClock.monotonicMs() - startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(97);
  });

  test("is dropped by clear, which returns every pending mark at once", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    stream.play(Buffer.alloc(80_000));
    stream.mark("never heard");
    await call.waitFor("played");
    stream.send({ event: "clear" });
    await stream.until((m) => m.mark?.name === "never heard");
    const { discardedBytes } = await call.waitFor("clear");
    expect(call.heardBytes + discardedBytes).toBe(80_000);
    expect(discardedBytes).toBeGreaterThan(0);
    stream.mark("after");
    await stream.until((m) => m.mark?.name === "after");
    expect(call.bufferedBytes).toBe(0);
  });

  test("that is not of the protocol is warned of once and harms nothing", async () => {
    application.twiml("/voice", streamTwiml);
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    stream.socket.send("{");
    stream.socket.send(Buffer.from("binary"));
    stream.play(Buffer.alloc(160, 1));
    await call.waitFor("played");
    expect(call.past("problem").map((p) => p.code)).toEqual([31951]);
  });
});

describe("after the stream", () => {
  test("the TwiML goes on where the server closes the socket", async () => {
    application.twiml(
      "/voice",
      `${streamTwiml}<Say language="fr">Au revoir</Say><Redirect>next?a=1</Redirect>`,
    );
    application.twiml("/next?a=1", "<Hangup/>");
    const call = carrier().placeCall({ from, to });
    const stream = await application.stream();
    stream.socket.close(1000);
    expect(await call.waitFor("say")).toEqual({
      text: "Au revoir",
      language: "fr",
    });
    const redirected = await application.request("/next?a=1");
    expect(redirected.parameters).toMatchObject({
      CallSid: call.callSid,
      CallStatus: "in-progress",
    });
    expect(redirected.signature).toBe(expectedSignature(redirected));
    expect(await call.waitFor("ended")).toMatchObject({
      reason: "twiml-hangup",
    });
    expect(await call.waitFor("streamStopped")).toMatchObject({
      by: "server",
      code: 1000,
    });
  });

  test("the call is handed to someone else, whose end goes to the action", async () => {
    application.twiml(
      "/voice",
      `${streamTwiml}<Dial action="/dialled" callerId="${to}">+250788000009</Dial>`,
    );
    application.twiml("/dialled", "<Hangup/>");
    const call = carrier().placeCall({ from, to });
    (await application.stream()).socket.close(1000);
    expect(await call.waitFor("dial")).toEqual({
      numbers: ["+250788000009"],
      callerId: to,
    });
    await call.waitFor("dialAnswered");
    call.endDial();
    const dialled = await application.request("/dialled");
    expect(dialled.parameters).toMatchObject({
      DialCallStatus: "completed",
      DialBridged: "true",
    });
  });

  test("a number that does not answer lets the TwiML go on", async () => {
    application.twiml("/voice", "<Dial>+250788000009</Dial><Say>Sorry</Say>");
    const call = carrier({ dialAs: "no-answer" }).placeCall({ from, to });
    expect(await call.waitFor("say")).toMatchObject({ text: "Sorry" });
    expect(await call.waitFor("ended")).toMatchObject({ reason: "twiml-end" });
  });

  test("a stream that is refused is reported, and the TwiML goes on", async () => {
    application.twiml(
      "/voice",
      '<Connect><Stream url="wss://voice.example/nowhere" statusCallback="/stream"/></Connect><Say>Please hold</Say>',
    );
    const call = carrier().placeCall({ from, to });
    expect(await call.waitFor("problem")).toMatchObject({ code: 31920 });
    expect(await call.waitFor("say")).toMatchObject({ text: "Please hold" });
    const report = await application.request("/stream");
    expect(report.parameters).toMatchObject({ StreamEvent: "stream-error" });
  });
});

describe("an application that cannot be asked", () => {
  test.each([
    ["answers 500", { status: 500 }, 11200],
    ["answers something that is not XML", { text: "hello" }, 12300],
    ["answers XML that is not TwiML", "<html/>", 12200],
  ])(
    "%s: the problem is told and the call fails",
    async (_what, answer, code) => {
      application.answers.set("/voice", answer);
      const call = carrier().placeCall({ from, to });
      expect(await call.waitFor("problem")).toMatchObject({ code });
      expect(await call.waitFor("ended")).toMatchObject({
        reason: "application-error",
      });
    },
  );

  test("is not there: the problem is told and the call fails", async () => {
    const simulator = carrier({ voiceUrl: "http://127.0.0.1:9/voice" });
    const call = simulator.placeCall({ from, to });
    expect(await call.waitFor("problem")).toMatchObject({ code: 11205 });
    expect(await call.waitFor("ended")).toMatchObject({ status: "failed" });
  });

  test("rejects the call: it ends busy, never answered", async () => {
    application.twiml("/voice", '<Reject reason="busy"/>');
    const call = carrier().placeCall({ from, to });
    expect(await call.waitFor("ended")).toMatchObject({
      reason: "busy",
      status: "busy",
      durationMs: 0,
    });
    expect(call.past("state")).toEqual(["ringing", "busy"]);
  });
});

test("the carrier's own voice is heard when an announcer is given", async () => {
  application.twiml("/voice", "<Say>Muraho</Say>");
  const words = tone({ hz: 440, durationMs: 90 });
  const simulator = carrier({ announcer: async () => words });
  const call = simulator.placeCall({ from, to });
  await call.waitFor("ended");
  expect(call.heard()).toEqual(words);
});

test("the numbers can be pointed at a service that started later", async () => {
  application.twiml("/voice", "<Hangup/>");
  const simulator = carrier({ voiceUrl: "http://127.0.0.1:9/voice" });
  simulator.pointAt({ voiceUrl: `${application.url}/voice` });
  const call = simulator.placeCall({ from, to });
  const request = await application.request("/voice");
  expect(request.signature).toBe(expectedSignature(request));
  expect(await call.waitFor("ended")).toMatchObject({ status: "completed" });
});

test("closing ends every call and leaves no stream open", async () => {
  application.twiml("/voice", streamTwiml);
  const simulator = carrier();
  const calls = [0, 1, 2].map(() => simulator.placeCall({ from, to }));
  const streams = await Promise.all(
    [0, 1, 2].map((n) => application.stream(n)),
  );
  await simulator.close();
  await Promise.all(streams.map((stream) => stream.closed));
  for (const call of calls) {
    expect(call.ending?.reason).toBe("simulator-closed");
  }
});
