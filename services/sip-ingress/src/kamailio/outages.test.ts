import { DatabaseSync } from "node:sqlite";
import { randomName, until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { RawPhone } from "../testing/raw-phone.js";
import { newCall } from "../testing/running-ingress.js";
import {
  ANSWERED,
  answeredCall,
  Signalling,
  typesOf,
} from "../testing/signalling.js";
import {
  answer,
  callee,
  CALLED_URI,
  Caller,
  CALLER_URI,
  maybe,
  request,
  wait,
} from "../testing/sipp.js";

/** infrastructure/kamailio, while sip-ingress, its Redis or the proxy itself is away; and what cannot be told. */

const phone = new Caller();
let signalling: Signalling;
const told = async (callId: string): Promise<string[]> =>
  typesOf(await signalling.told(callId));

beforeAll(async () => {
  signalling = await Signalling.start({});
});

afterAll(() => signalling.stop());

/** The proxy's outbox, open for a test. */
async function withOutbox(
  test: (outbox: DatabaseSync) => Promise<void>,
): Promise<void> {
  const outbox = new DatabaseSync(signalling.proxy.outboxFile, {
    timeout: 10_000,
  });
  try {
    await test(outbox);
  } finally {
    outbox.close();
  }
}

/** Puts an event into the outbox, as if a message had been one. */
function put(
  outbox: DatabaseSync,
  event: { callId: string; event: string },
  ageSeconds = 0,
  notBefore = 0,
) {
  const key = `${event.callId};${event.event}`;
  outbox
    .prepare(
      "INSERT INTO event (key, call_id, body, at, not_before) VALUES (?, ?, ?, unixepoch() - ?, ?)",
    )
    .run(
      key,
      event.callId,
      JSON.stringify({ ...event, idempotencyKey: key }),
      ageSeconds,
      notBefore,
    );
  return () =>
    outbox.prepare("SELECT state, problem FROM event WHERE key = ?").get(key);
}

test("nothing is lost or told twice while sip-ingress is away: calls go on, and are told when it is back", async () => {
  await signalling.killIngress();
  const ids = await signalling.call({ ...answeredCall, calls: 20 });
  await until(() => signalling.proxy.output.includes("(below 100: no answer)"));
  await signalling.restartIngress();
  for (const id of ids) expect(await told(id)).toEqual(ANSWERED);
});

test("nothing is lost or told twice while sip-ingress is restarted amid calls", async () => {
  const ids = await signalling.call({
    ...answeredCall,
    calls: 60,
    perSecond: 40,
    during: async (all) => {
      const some = all.slice(0, 10);
      await until(() => some.every((id) => signalling.ofCall(id).length > 0));
      await signalling.endIngress();
      await signalling.restartIngress();
    },
  });
  for (const id of ids) expect(await told(id)).toEqual(ANSWERED);
});

test("nothing is lost or told twice while sip-ingress answers 503, being without Redis", async () => {
  await signalling.redis.kill();
  const [id = ""] = await signalling.call(answeredCall);
  const unavailable =
    /easymo_ingest_requests_total\{[^}]*outcome="unavailable"[^}]*\} [1-9]/;
  await until(async () => unavailable.test(await signalling.ingressMetrics()));
  await signalling.redis.restart();
  expect(await told(id)).toEqual(ANSWERED);
});

test("nothing is lost or told twice while Kamailio itself is killed in the middle of a call", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), answer(180), answer(200)],
      ...[phone.send("ACK", 1), wait(50), phone.send("BYE", 2), answer(200)],
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing"), wait(1_000)],
      ...[callee.picksUp, request("ACK"), request("BYE"), callee.agrees],
    ],
    during: async ([id = ""]) => {
      await until(() => signalling.ofCall(id).length > 0, { everyMs: 5 });
      await signalling.proxy.killAndRestart();
    },
  });
  expect(await told(id)).toEqual(["sip.ringing", "sip.connected", "sip.ended"]);
});

test("a call that rang when Kamailio was killed can be cancelled: the next hop hears of it, and its end is told once", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), answer(180), wait(1_500)],
      ...[phone.cancel(), answer(200)],
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing")],
      ...[request("CANCEL"), callee.agrees],
    ],
    during: async ([id = ""]) => {
      await until(() => signalling.ofCall(id).length > 0, { everyMs: 5 });
      await signalling.proxy.killAndRestart();
    },
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events[1]?.data).toMatchObject({
    payload: { reason: "cancelled", status: 487 },
  });
});

test("an event that is refused for good is kept aside, and holds nothing up", () =>
  withOutbox(async (outbox) => {
    const { callId, event } = newCall();
    const broken = put(outbox, {
      ...event("whistling"),
      callId,
      event: "whistling",
    });
    put(outbox, { ...event("ended"), callId, event: "ended" });
    expect(typesOf(await signalling.told(callId))).toEqual(["sip.ended"]);
    expect(broken()).toMatchObject({
      state: "refused",
      problem: expect.stringContaining("event"),
    });
    expect(signalling.proxy.output).toContain("sip-ingress refused 1 events");
  }));

test("an event that was not accepted in time is lost, and that is logged", () =>
  withOutbox(async (outbox) => {
    const { callId, event } = newCall();
    const old = put(
      outbox,
      { ...event("ended"), callId, event: "ended" },
      90_000,
      4_000_000_000,
    );
    await until(() => old() === undefined);
    await until(() =>
      signalling.proxy.output.includes(
        "1 events were not accepted within 86400 s and are lost",
      ),
    );
  }));

test("a call whose end nobody saw ends when it has lasted too long", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), maybe(180), answer(200)],
      phone.send("ACK", 1),
    ],
    callee: [callee.invited, callee.picksUp, request("ACK")],
  });
  await signalling.proxy.killAndRestart({ CALL_MAX_SECONDS: "1" });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual([
    "sip.ringing",
    "sip.connected",
    "sip.ended",
  ]);
  expect(events.at(-1)?.data).toMatchObject({
    payload: { reason: "no end was seen" },
  });
});

test(
  "a call of which nothing could be written is not let in",
  () =>
    withOutbox(async (outbox) => {
      await signalling.proxy.killAndRestart({ OUTBOX_MAX_MIB: "1" });
      outbox.exec(
        "INSERT INTO event (key, call_id, body, state) VALUES ('big', 'big', zeroblob(2000000), 'refused')",
      );
      const caller = await RawPhone.open();
      const hop = await RawPhone.open("127.0.0.1", signalling.hopPort);
      hop.onHeard = (heard) => {
        if (heard.text.startsWith("INVITE"))
          hop.answer(heard, "404 Not Found", "hop");
      };
      const call = () =>
        caller.ask("INVITE", signalling.proxy.port, {
          uri: CALLED_URI,
          from: `<${CALLER_URI}>;tag=caller`,
          to: `<${CALLED_URI}>`,
          callId: randomName("call"),
          cseq: 1,
        });
      try {
        // What is left of the pages that are there already takes a few.
        await until(async () => (await call()).startsWith("SIP/2.0 503 "));
        hop.heard.length = 0;
        expect(await call()).toMatch(/^SIP\/2\.0 503 /);
        expect(hop.heard).toEqual([]);
      } finally {
        caller.close();
        hop.close();
      }
    }),
  60_000,
);
