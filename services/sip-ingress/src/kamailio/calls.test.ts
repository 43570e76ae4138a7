import { until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { TENANT } from "../testing/running-ingress.js";
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
  maybe,
  request,
} from "../testing/sipp.js";

/** infrastructure/kamailio between SIPp's phones: what is told of each way that a call can go. */

const phone = new Caller();
let signalling: Signalling;

beforeAll(async () => {
  signalling = await Signalling.start({ RING_SECONDS: "2" });
});

afterAll(() => signalling.stop());

test("a call is told from ringing to its end, each once, with who called whom", async () => {
  const [id = ""] = await signalling.call(answeredCall);
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(ANSWERED);
  const common = {
    ...{ callId: id, tenantId: TENANT, agent: "sales" },
    ...{ from: "+250788400001", to: CALLED_URI },
  };
  expect(events.map(({ data }) => data)).toMatchObject([
    common,
    { ...common, payload: { status: 200 } },
    { ...common, payload: { digit: "5", durationMs: 160, by: "caller" } },
    { ...common, payload: { reason: "hangup", by: "caller" } },
  ]);
  const stop = await until(() =>
    signalling.ofCall(id).find(({ type }) => type === "call.stop"),
  );
  expect(stop.data).toMatchObject({ reason: "hangup" });
});

test("a call ends when the one who was called hangs up; digits in the short form count, too", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), maybe(180), answer(200)],
      phone.send("ACK", 1),
      ...[
        phone.send("INFO", 2, { type: "application/dtmf", body: "#" }),
        answer(200),
      ],
      // No key of a telephone.
      ...[
        phone.send("INFO", 3, { type: "application/dtmf", body: "x'; --" }),
        // The one who is called hangs up right after it, and two datagrams may overtake each other.
        maybe(200),
      ],
      ...[request("BYE"), callee.agrees],
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing"), callee.picksUp],
      ...[request("ACK"), request("INFO"), callee.agrees],
      ...[request("INFO"), callee.agrees, callee.hangsUp, answer(200)],
    ],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(ANSWERED);
  expect(events.slice(2).map(({ data }) => data)).toMatchObject([
    { payload: { digit: "#", by: "caller" } },
    { payload: { reason: "hangup", by: "callee" } },
  ]);
});

test("a call that is cancelled is told with ringing and its end", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), answer(180), phone.cancel()],
      ...[answer(200), answer(487), phone.ackRefusal()],
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing")],
      ...[request("CANCEL"), callee.agrees],
      ...[callee.refusesInvite(487, "Request Terminated"), request("ACK")],
    ],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events.map(({ data }) => data)).toMatchObject([
    { payload: { status: 180 } },
    { payload: { reason: "cancelled", status: 487 } },
  ]);
});

test.each([
  [486, "Busy Here", "busy"],
  [603, "Decline", "declined"],
  [404, "Not Found", "not found"],
])("that is answered with %p %p ends as %p", async (status, words, reason) => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), maybe(180), answer(status)],
      phone.ackRefusal(),
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing")],
      ...[callee.says(status, words), request("ACK")],
    ],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events[1]?.data).toMatchObject({ payload: { reason, status } });
});

test("a call that is refused before it rings comes first all the same", async () => {
  const [id = ""] = await signalling.call({
    caller: [...[phone.invite(), maybe(100), answer(486), phone.ackRefusal()]],
    callee: [callee.invited, callee.says(486, "Busy"), request("ACK")],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events[0]?.data).toMatchObject({ payload: { alerted: false } });
});

test("a call that nobody picks up ends as no answer, and is taken back from the next hop", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), answer(180), answer(408)],
      phone.ackRefusal(),
    ],
    callee: [
      ...[callee.invited, callee.says(180, "Ringing")],
      ...[request("CANCEL"), callee.agrees],
      ...[callee.refusesInvite(487, "Request Terminated"), request("ACK")],
    ],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events[1]?.data).toMatchObject({
    payload: { reason: "no answer", status: 408 },
  });
});

test("a call whose first try lacked credentials is one call", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(1), maybe(100), answer(407), phone.ackRefusal(1)],
      ...[phone.invite(2), maybe(100), maybe(180), answer(200)],
      ...[phone.send("ACK", 2), phone.send("BYE", 3), answer(200)],
    ],
    callee: [
      ...[callee.invited, callee.says(407, "Proxy Authentication Required")],
      ...[request("ACK"), callee.invited, callee.says(180, "Ringing")],
      ...[callee.picksUp, request("ACK"), request("BYE"), callee.agrees],
    ],
  });
  expect(typesOf(await signalling.told(id))).toEqual([
    "sip.ringing",
    "sip.connected",
    "sip.ended",
  ]);
});

test("a call whose caller has an address that sip-ingress does not take is told without it", async () => {
  const strange = new Caller(`<sip:*31#0788400001@pbx.example>`);
  const [id = ""] = await signalling.call({
    caller: [
      ...[strange.invite(), maybe(100), answer(486), strange.ackRefusal()],
    ],
    callee: [callee.invited, callee.says(486, "Busy"), request("ACK")],
  });
  const events = await signalling.told(id);
  expect(typesOf(events)).toEqual(["sip.ringing", "sip.ended"]);
  expect(events[0]?.data).toMatchObject({ to: CALLED_URI, agent: "sales" });
  expect(events[0]?.data).not.toHaveProperty("from");
});

test("a call that two phones answered is that of the first; ending the other one does not end it", async () => {
  const [id = ""] = await signalling.call({
    caller: [
      ...[phone.invite(), maybe(100), answer(200)],
      ...[phone.send("ACK", 1, { toTag: "first" }), answer(200)],
      ...[phone.send("BYE", 2, { toTag: "second" }), answer(200)],
      phone.send("INFO", 3, {
        ...{ type: "application/dtmf", body: "7", toTag: "first" },
      }),
      answer(200),
      ...[phone.send("BYE", 4, { toTag: "first" }), answer(200)],
    ],
    callee: [
      ...[callee.invited, callee.picksUpAs("first"), request("ACK")],
      ...[callee.alsoPicksUpAs("second"), request("BYE"), callee.agrees],
      ...[request("INFO"), callee.agrees, request("BYE"), callee.agrees],
    ],
  });
  expect(typesOf(await signalling.told(id))).toEqual(ANSWERED);
});
