import { once } from "node:events";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import {
  createMemoryBus,
  createMemoryStore,
  createStore,
  StoreUnavailableError,
  type Store,
} from "@easymo/messaging";
import { systemClock } from "@easymo/service-kit";
import { startRedis, until, type OwnRedis } from "@easymo/testbed";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import WebSocket from "ws";
import type { FakeModelSession } from "../testing/fake-model.js";
import { DESK } from "../testing/machine-fixture.js";
import {
  MEDIA_TOKEN,
  NO_AGENT_CORE,
  quietKit,
  RunningBridge,
  TENANT,
} from "../testing/running-bridge.js";

/** Two replicas behind one number: one carrier, one bus, one store. */

let here: RunningBridge;
let there: RunningBridge;
let people = 0;

afterEach(async () => {
  await Promise.all([here.close(), there.close()]);
});

async function startBoth(
  store: (name: string) => Store,
  env: Record<string, string> = {},
): Promise<void> {
  const bus = createMemoryBus(quietKit("bus"));
  [here, there] = await Promise.all([
    RunningBridge.start(NO_AGENT_CORE, { bus, env, store: store("here") }),
    RunningBridge.start(NO_AGENT_CORE, { bus, env, store: store("there") }),
  ]);
}

function someone(): string {
  people += 1;
  return `+25078860${String(people).padStart(4, "0")}`;
}

/** A call that `there` has, greeted. */
async function onCall(bridge = there): Promise<{
  call: SimulatedCall;
  session: FakeModelSession;
}> {
  const call = bridge.carrier.placeCall({ from: someone(), to: DESK });
  const session = await bridge.model.session(bridge.model.sessions.length);
  await call.waitFor("streamStarted");
  const heard = bridge.events.of("media.transcript").length;
  session.answer("r1", "Muraho.", 100, await session.next("response.create"));
  await bridge.events.next("media.transcript", heard);
  return { call, session };
}

/** A media socket of its own, of somebody who has the token. */
async function stream(
  bridge: RunningBridge,
  callSid: string,
  from = someone(),
): Promise<{ socket: WebSocket; closed: Promise<number> }> {
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
        customParameters: { from, to: DESK, tenantId: TENANT },
      },
    }),
  );
  return { socket, closed };
}

function idsOf(bridge: RunningBridge, callId: string): string[] {
  return bridge.events.events
    .filter((event) => event.subject === callId)
    .map((event) => event.type);
}

describe("two replicas", () => {
  beforeEach(async () => {
    const store = createMemoryStore(systemClock);
    await startBoth(() => store);
  });

  test("let one socket own a call: the second is closed with 1008, wherever it comes, and changes nothing", async () => {
    const { call, session } = await onCall();
    const usurper = await stream(here, call.callSid);
    expect(await usurper.closed).toBe(1008);
    const again = await stream(there, call.callSid);
    expect(await again.closed).toBe(1008);
    // The first goes on, and nobody was told of the others.
    session.understood("Hello?");
    await there.events.next("media.transcript", 1);
    expect(call.ending).toBeUndefined();
    expect(await here.metrics()).toContain("easymo_voice_calls_active 0");
    call.hangUp();
    await there.events.next("call.stop");
    for (const type of ["call.start", "call.connected", "call.stop"])
      expect(
        idsOf(there, call.callSid).filter((told) => told === type),
      ).toEqual([type]);
    expect(await here.metrics()).not.toMatch(/easymo_voice_calls_total\{/);
  });

  test("let a call whose stream is over be anybody's again", async () => {
    const first = await stream(there, "CA-again");
    await there.events.next("call.connected");
    first.socket.send(
      JSON.stringify({
        event: "stop",
        sequenceNumber: "2",
        streamSid: "MZ-CA-again",
        stop: { accountSid: "AC1", callSid: "CA-again" },
      }),
    );
    await there.events.next("call.stop");
    const later = await stream(here, "CA-again");
    await here.events.next("call.connected", 1);
    later.socket.close();
    expect(await later.closed).not.toBe(1008);
  });

  test("know each other's calls", async () => {
    const { call } = await onCall(there);
    const { call: own } = await onCall(here);
    for (const bridge of [here, there]) {
      for (const path of ["/calls", "/analytics/live-calls"]) {
        const answer = await bridge.api(path);
        const calls = [call, own].map(({ callSid }) =>
          expect.objectContaining({ callId: callSid, status: "live" }),
        );
        expect(await answer.json()).toEqual({
          calls: expect.arrayContaining(calls),
        });
      }
    }
    const one = await here.api(`/calls/${call.callSid}`);
    expect(await one.json()).toMatchObject({ callId: call.callSid });
    expect((await here.api("/calls/CA-none")).status).toBe(404);
  });

  test("hang up for each other", async () => {
    const { call } = await onCall();
    const answer = await here.api(`/calls/${call.callSid}/hangup`, {
      method: "POST",
    });
    expect(answer.status).toBe(202);
    expect((await call.waitFor("ended")).reason).toBe("twiml-hangup");
    expect((await there.events.next("call.stop")).data.reason).toBe(
      "api_hangup",
    );
  });

  test("transfer for each other, to the agent's own target unless told", async () => {
    const { call, session } = await onCall();
    const answer = await here.api(`/calls/${call.callSid}/transfer`, {
      method: "POST",
      body: JSON.stringify({ reason: "supervisor" }),
    });
    expect(answer.status).toBe(202);
    const announcement = await session.next("response.create", 1);
    session.answer("r2", "Connecting.", 100, announcement);
    expect((await call.waitFor("dial")).numbers).toEqual(["+250788000009"]);
    expect((await there.events.next("call.transfer")).data).toMatchObject({
      queue: "sales",
      reason: "supervisor",
    });
  });

  test("of which one answers the webhook and the other gets the stream: the call is whole there, and nobody waits here", async () => {
    const answer = await here.webhook("/twilio/voice", { CallSid: "CA-split" });
    expect(answer.status).toBe(200);
    const waiting = await here.model.session();
    const gone = once(waiting.socket, "close");
    const { socket, closed } = await stream(there, "CA-split");
    // The model that was made ready in vain is let go.
    await gone;
    await there.events.next("call.connected");
    expect(idsOf(there, "CA-split").sort()).toEqual([
      "call.connected",
      "call.start",
    ]);
    await there.api("/calls/CA-split/hangup", { method: "POST" });
    expect(await closed).toBe(1000);
    socket.terminate();
    expect(await here.metrics()).not.toMatch(/easymo_voice_calls_total\{/);
  });

  test("tell each other what the carrier says of a call", async () => {
    const { call } = await onCall();
    await here.webhook("/twilio/status", {
      CallSid: call.callSid,
      AnsweredBy: "machine_start",
    });
    expect((await there.events.next("call.stop")).data.reason).toBe(
      "answering_machine",
    );
    await here.webhook("/twilio/voice", { CallSid: "CA-hung-up" });
    const waiting = await here.model.session();
    const gone = once(waiting.socket, "close");
    await there.webhook("/twilio/status", {
      CallSid: "CA-hung-up",
      CallStatus: "completed",
    });
    await gone;
  });
});

describe("two replicas whose Redis goes away", () => {
  let redis: OwnRedis;

  beforeEach(async () => {
    redis = await startRedis();
    await startBoth((name) => createStore(redis.url, quietKit(name)));
  });
  afterEach(() => redis.stop());

  test("go on with their calls, take new ones, show their own; and know each other again when it is back", async () => {
    const before = await onCall(there);
    const seen = await here.api(`/calls/${before.call.callSid}`);
    expect(seen.status).toBe(200);

    await redis.kill();
    before.session.understood("Are you there?");
    await there.events.next("media.transcript", 1);
    const during = await onCall(here);
    const own = await here.api(`/calls/${during.call.callSid}`);
    expect(own.status).toBe(200);
    const list = await (await here.api("/calls")).json();
    expect(list).toMatchObject({
      calls: [{ callId: during.call.callSid }],
      incomplete: true,
    });
    const unknown = await here.api(`/calls/${before.call.callSid}`);
    expect(unknown.status).toBe(503);
    expect(unknown.headers.get("retry-after")).toBe("1");

    await redis.restart();
    await until(async () => {
      const answer = await here.api(`/calls/${before.call.callSid}`);
      return answer.status === 200;
    });
    const hungUp = await there.api(`/calls/${during.call.callSid}/hangup`, {
      method: "POST",
    });
    expect(hungUp.status).toBe(202);
    expect((await during.call.waitFor("ended")).reason).toBe("twiml-hangup");
  });
});

describe("a replica that does not answer", () => {
  test("is not waited for: the list says that it is incomplete", async () => {
    const store = createMemoryStore(systemClock);
    await startBoth(() => store);
    const silent = store.broadcasts.listen("voice:calls:asks", () => undefined);
    const answer = await here.api("/calls");
    expect(await answer.json()).toEqual({ calls: [], incomplete: true });
    expect((await here.api("/calls/CA-none")).status).toBe(503);
    await silent.end();
  });
});

describe("a store that never says whose a call is", () => {
  test("delays neither the caller's audio nor, for longer than it may, what is told of the call", async () => {
    const memory = createMemoryStore(systemClock);
    const answered = Promise.withResolvers<never>();
    const silent: Store = {
      ...memory,
      idempotency: {
        ...memory.idempotency,
        claim: () => answered.promise,
      },
    };
    await startBoth(() => silent);
    const call = there.carrier.placeCall({ from: someone(), to: DESK });
    const session = await there.model.session();
    await call.waitFor("streamStarted");
    const greeting = await session.next("response.create");
    // Both ways, while the claim hangs.
    const item = session.begin("r1", greeting);
    session.audio("r1", item, Buffer.alloc(1_600, 0x21));
    await call.waitFor("mark");
    const spoken = Buffer.alloc(1_600, 0x42);
    await call.speak(spoken);
    while (!session.heard.includes(spoken))
      await session.next(
        "input_audio_buffer.append",
        session.of("input_audio_buffer.append").length,
      );
    expect(there.events.of("call.start")).toEqual([]);
    answered.reject(new StoreUnavailableError("Redis did not answer."));
    await there.events.next("call.start");
    expect(call.ending).toBeUndefined();
  });
});
