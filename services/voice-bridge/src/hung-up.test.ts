import { once } from "node:events";
import {
  createMemoryBus,
  createMemoryStore,
  StoreUnavailableError,
} from "@easymo/messaging";
import {
  createLogger,
  systemClock,
  type RunningService,
} from "@easymo/service-kit";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import WebSocket from "ws";
import { z } from "zod";
import { HungUpCalls } from "./registry/hung-up-calls.js";
import { DESK } from "./testing/machine-fixture.js";
import {
  MEDIA_TOKEN,
  quietKit,
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

/** Calls that are hung up while they are still connecting: whoever comes for them later is sent away. */

let here: RunningBridge;
let there: RunningBridge;
let agentCore: RunningService;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());
beforeEach(async () => {
  const bus = createMemoryBus(quietKit("bus"));
  const store = createMemoryStore(systemClock);
  here = await RunningBridge.start(agentCore.url, { bus, store });
  there = await RunningBridge.start(agentCore.url, { bus, store });
});
afterEach(async () => {
  await Promise.all([here.close(), there.close()]);
});

/** A media socket for the call; resolves with the code it is closed with. */
async function streamOf(bridge: RunningBridge, callSid: string) {
  const socket = new WebSocket(
    `${bridge.service.url.replace("http", "ws")}/twilio-media`,
    { headers: { authorization: `Bearer ${MEDIA_TOKEN}` } },
  );
  const closed = new Promise<number>((resolve) =>
    socket.on("close", (code) => resolve(code)),
  );
  await once(socket, "open");
  socket.send(
    JSON.stringify({
      event: "start",
      sequenceNumber: "1",
      streamSid: `MZ-${callSid}`,
      start: {
        accountSid: "AC1",
        callSid,
        streamSid: `MZ-${callSid}`,
        tracks: ["inbound"],
        customParameters: { from: "+250788123456", to: DESK },
      },
    }),
  );
  return closed;
}

function hangUp(bridge: RunningBridge, callId: string): Promise<Response> {
  return bridge.api(`/calls/${callId}/hangup`, { method: "POST" });
}

describe("a call that is hung up before its stream comes", () => {
  test.each(["here", "there"] as const)(
    "by the calls API: the stream that comes %s is closed with 1008, and nobody is told of a call",
    async (where) => {
      await here.webhook("/twilio/voice", { CallSid: "CA-early" });
      const model = await here.model.session();
      const gone = once(model.socket, "close");
      expect((await hangUp(there, "CA-early")).status).toBe(202);
      await gone;
      const bridge = where === "here" ? here : there;
      expect(await streamOf(bridge, "CA-early")).toBe(1008);
      expect(bridge.events.of("call.start")).toEqual([]);
      expect((await bridge.api("/calls/CA-early")).status).toBe(404);
    },
  );

  test.each(["completed", "canceled"])(
    "by the carrier's word that it is %s: the stream is closed with 1008, wherever it comes",
    async (CallStatus) => {
      await here.webhook("/twilio/voice", { CallSid: "CA-early" });
      const model = await here.model.session();
      const gone = once(model.socket, "close");
      await there.webhook("/twilio/status", {
        CallSid: "CA-early",
        CallStatus,
      });
      await gone;
      for (const bridge of [here, there])
        expect(await streamOf(bridge, "CA-early")).toBe(1008);
    },
  );
});

describe("a call that was dialled and rings", () => {
  const dialled = z.looseObject({ callId: z.string() });

  async function dial() {
    here.carrier.answerAs("ring");
    const answer = await here.api("/calls", {
      method: "POST",
      body: JSON.stringify({
        tenantId: TENANT,
        to: "+250788500001",
        agent: "sales",
      }),
    });
    const { callId } = dialled.parse(await answer.json());
    return { callId, ringing: await here.carrier.waitFor("outboundCall") };
  }

  test("is known to the calls API, and hung up by it at the carrier's", async () => {
    const { callId, ringing } = await dial();
    const seen = await here.api(`/calls/${callId}`);
    expect(await seen.json()).toMatchObject({ callId, status: "dialing" });
    const ended = ringing.waitFor("ended");
    expect((await hangUp(here, callId)).status).toBe(202);
    await ended;
    expect((await here.api(`/calls/${callId}`)).status).toBe(404);
    expect((await hangUp(here, callId)).status).toBe(404);
  });

  test("and is hung up as it is answered: the carrier is told to hang up, and no agent is made ready", async () => {
    const { callId } = await dial();
    await hangUp(here, callId);
    const answer = await there.webhook("/twilio/voice?agent=sales", {
      CallSid: callId,
      Direction: "outbound-api",
      From: DESK,
      To: "+250788500001",
    });
    expect(await answer.text()).toContain("<Response><Hangup/></Response>");
    expect(there.model.sessions).toEqual([]);
  });
});

test("a caller whose stream breaks is told of a technical problem and handed to a person", async () => {
  const call = here.carrier.placeCall({ from: "+250788500002", to: DESK });
  await here.model.session();
  await call.waitFor("streamStarted");
  call.cutStream();
  expect((await call.waitFor("say")).text).toContain("technical problem");
  expect((await call.waitFor("dial")).numbers).toEqual(["+250788000009"]);
  expect((await here.events.next("call.stop")).data.reason).toBe(
    "connection_lost",
  );
});

test("hang-ups are remembered without the store too, the newest of them", async () => {
  const away = () => Promise.reject(new StoreUnavailableError("away"));
  const calls = new HungUpCalls(
    { ...createMemoryStore(systemClock).keyValue, get: away, set: away },
    createLogger({ name: "test", level: "silent" }),
  );
  for (let at = 0; at <= 2_000; at++) calls.add(`CA${at}`);
  expect(calls.has("CA0")).toBe(false);
  expect(await calls.isKnown("CA0")).toBe(false);
  expect(calls.has("CA1")).toBe(true);
  expect(await calls.isKnown("CA2000")).toBe(true);
});
