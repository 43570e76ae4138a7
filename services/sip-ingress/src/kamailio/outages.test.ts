import { until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  ANSWERED,
  answeredCall,
  Signalling,
  typesOf,
} from "../testing/signalling.js";
import {
  answer,
  callee,
  Caller,
  maybe,
  request,
  wait,
} from "../testing/sipp.js";

/** infrastructure/kamailio, while sip-ingress, its Redis or the proxy itself is away. */

const phone = new Caller();
let signalling: Signalling;
const told = async (callId: string): Promise<string[]> =>
  typesOf(await signalling.told(callId));

beforeAll(async () => {
  signalling = await Signalling.start({});
}, 120_000);

afterAll(() => signalling.stop());

test("nothing is lost or told twice while sip-ingress is away: calls go on, and are told when it is back", async () => {
  await signalling.killIngress();
  const ids = await signalling.call({ ...answeredCall, calls: 20 });
  await until(() => signalling.proxy.output.includes("(below 100: no answer)"));
  await signalling.restartIngress();
  for (const id of ids) expect(await told(id)).toEqual(ANSWERED);
}, 60_000);

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
}, 60_000);

test("nothing is lost or told twice while sip-ingress answers 503, being without Redis", async () => {
  await signalling.redis.kill();
  const [id = ""] = await signalling.call(answeredCall);
  const unavailable =
    /easymo_ingest_requests_total\{[^}]*outcome="unavailable"[^}]*\} [1-9]/;
  await until(async () => unavailable.test(await signalling.ingressMetrics()));
  await signalling.redis.restart();
  expect(await told(id)).toEqual(ANSWERED);
}, 60_000);

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
}, 60_000);

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
}, 60_000);
