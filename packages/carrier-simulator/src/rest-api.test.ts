import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@easymo/service-kit";
import twilio from "twilio";
import type RequestClient from "twilio/lib/base/RequestClient.js";
import {
  ACCOUNT_SID,
  Application,
  AUTH_TOKEN,
  expectedSignature,
  PUBLIC_URL,
} from "./fixtures/application.js";
import { CarrierSimulator } from "./carrier-simulator.js";

const from = "+250780000001";
const to = "+250788123456";

let application: Application;
let simulator: CarrierSimulator;
let apiUrl: string;

class LoopbackClient extends twilio.RequestClient {
  override request<T>(options: RequestClient.RequestOptions<T>) {
    const { pathname, search } = new URL(options.uri);
    return super.request<T>({ ...options, uri: apiUrl + pathname + search });
  }
}

function client(authToken = AUTH_TOKEN) {
  return twilio(ACCOUNT_SID, authToken, { httpClient: new LoopbackClient() });
}

beforeEach(async () => {
  application = await Application.start();
  simulator = new CarrierSimulator({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    voiceUrl: `${application.url}/voice`,
    publicUrl: PUBLIC_URL,
    speed: 50,
    clock: systemClock,
  });
  apiUrl = await simulator.listen();
});

afterEach(async () => {
  await simulator.close();
  await application.close();
});

describe("an outbound call that Twilio's own client orders", () => {
  test("rings, is answered, and runs the application's TwiML", async () => {
    application.twiml("/answered", "<Say>Hello</Say>");
    application.answers.set("/status", { text: "" });
    const created = await client().calls.create({
      from,
      to,
      url: `${PUBLIC_URL}/answered`,
      statusCallback: `${PUBLIC_URL}/status`,
      statusCallbackEvent: ["initiated", "ringing", "answered", "completed"],
    });
    expect(created).toMatchObject({
      from,
      to,
      status: "queued",
      direction: "outbound-api",
    });
    const call = await simulator.waitFor("outboundCall");
    expect(call.callSid).toBe(created.sid);
    const answered = await application.request("/answered");
    expect(answered.parameters).toMatchObject({
      CallStatus: "in-progress",
      Direction: "outbound-api",
      From: from,
      To: to,
    });
    expect(answered.signature).toBe(expectedSignature(answered));
    await call.waitFor("ended");
    await call.reported;
    const statuses = application.requests.filter((r) => r.path === "/status");
    expect(statuses.map((r) => r.parameters.CallStatus)).toEqual([
      "initiated",
      "ringing",
      "in-progress",
      "completed",
    ]);
    expect(statuses.map((r) => r.parameters.SequenceNumber)).toEqual([
      "0",
      "1",
      "2",
      "3",
    ]);
    expect(statuses[3]?.parameters.Timestamp).toMatch(/ \+0000$/);
    const fetched = await client().calls(created.sid).fetch();
    expect(fetched).toMatchObject({ status: "completed" });
  });

  test.each(["busy", "no-answer"] as const)(
    "may find the number %s",
    async (policy) => {
      simulator.answerAs(policy);
      application.answers.set("/status", { text: "" });
      await client().calls.create({
        from,
        to,
        url: `${PUBLIC_URL}/answered`,
        statusCallback: `${PUBLIC_URL}/status`,
      });
      const status = await application.request("/status");
      expect(status.parameters).toMatchObject({
        CallStatus: policy,
        CallDuration: "0",
      });
      expect(application.requests.map((r) => r.path)).toEqual(["/status"]);
    },
  );

  test("is told of a machine while the call goes on, with AsyncAmd", async () => {
    simulator.answerAs("machine");
    application.twiml("/answered", '<Pause length="60"/>');
    application.answers.set("/amd", { text: "" });
    const created = await client().calls.create({
      from,
      to,
      url: `${PUBLIC_URL}/answered`,
      machineDetection: "DetectMessageEnd",
      asyncAmd: "true",
      asyncAmdStatusCallback: `${PUBLIC_URL}/amd`,
    });
    const amd = await application.request("/amd");
    expect(amd.parameters).toEqual({
      AccountSid: ACCOUNT_SID,
      CallSid: created.sid,
      AnsweredBy: "machine_end_beep",
      MachineDetectionDuration: "2600",
    });
    expect(amd.signature).toBe(expectedSignature(amd));
    const answered = await application.request("/answered");
    expect(answered.parameters).not.toHaveProperty("AnsweredBy");
  });

  test("waits for the detection without AsyncAmd", async () => {
    application.twiml("/answered", "<Hangup/>");
    await client().calls.create({
      from,
      to,
      url: `${PUBLIC_URL}/answered`,
      machineDetection: "Enable",
    });
    const answered = await application.request("/answered");
    expect(answered.parameters).toMatchObject({ AnsweredBy: "human" });
  });

  test("rings until somebody picks up, or declines", async () => {
    simulator.answerAs("ring");
    const order = {
      from,
      to,
      twiml: '<Response><Pause length="60"/></Response>',
    };
    await client().calls.create(order);
    const first = await simulator.waitFor("outboundCall");
    await first.waitFor("state", (state) => state === "ringing");
    first.answer();
    expect(first.state).toBe("in-progress");
    await client().calls.create(order);
    const second = await simulator.waitFor("outboundCall", (c) => c !== first);
    await second.waitFor("state", (state) => state === "ringing");
    second.hangUp();
    expect(second.ending).toMatchObject({ status: "busy" });
  });

  test("gives up after its time-out", async () => {
    simulator.answerAs("ring");
    await client().calls.create({
      from,
      to,
      twiml: "<Response/>",
      timeout: 5,
    });
    const call = await simulator.waitFor("outboundCall");
    expect(await call.waitFor("ended")).toMatchObject({ status: "no-answer" });
  });
});

describe("a call that is in progress", () => {
  async function answeredCall() {
    application.twiml(
      "/voice",
      '<Connect><Stream url="wss://voice.example/media"/></Connect>',
    );
    const call = simulator.placeCall({ from: to, to: from });
    const stream = await application.stream();
    return { call, stream };
  }

  test("is ended by Status=completed", async () => {
    const { call, stream } = await answeredCall();
    const updated = await client()
      .calls(call.callSid)
      .update({ status: "completed" });
    expect(updated.status).toBe("completed");
    expect(call.ending).toMatchObject({ reason: "api", status: "completed" });
    await stream.until((m) => m.event === "stop");
  });

  test("is taken from its stream by new TwiML", async () => {
    const { call, stream } = await answeredCall();
    await client()
      .calls(call.callSid)
      .update({ twiml: "<Response><Say>One moment</Say></Response>" });
    expect(await call.waitFor("say")).toMatchObject({ text: "One moment" });
    await stream.until((m) => m.event === "stop");
    expect(await call.waitFor("ended")).toMatchObject({ reason: "twiml-end" });
  });

  test("cannot be canceled, and cannot be redirected once it is over", async () => {
    const { call } = await answeredCall();
    const api = client().calls(call.callSid);
    await expect(api.update({ status: "canceled" })).rejects.toMatchObject({
      status: 400,
      code: 21220,
    });
    call.hangUp();
    await expect(api.update({ twiml: "<Response/>" })).rejects.toMatchObject({
      status: 400,
      code: 21220,
    });
  });
});

describe("the REST API", () => {
  test("refuses a wrong token as Twilio does", async () => {
    await expect(
      client("wrong").calls.create({ from, to, twiml: "<Response/>" }),
    ).rejects.toMatchObject({ status: 401, code: 20003 });
    expect(simulator.liveCalls).toEqual([]);
  });

  test.each([
    ["a bad number", { to: "12", from, twiml: "<Response/>" }, 21211],
    ["a bad caller", { to, from: "x", twiml: "<Response/>" }, 21212],
    ["no application", { to, from }, 21205],
  ])("refuses %s", async (_what, order, code) => {
    await expect(client().calls.create(order)).rejects.toMatchObject({
      status: 400,
      code,
    });
  });

  test("does not know a call that never was", async () => {
    await expect(client().calls("CA0").fetch()).rejects.toMatchObject({
      status: 404,
      code: 20404,
    });
  });

  test("lists the calls that are or were", async () => {
    simulator.answerAs("busy");
    const created = await client().calls.create({
      from,
      to,
      twiml: "<Response/>",
    });
    const list = await client().calls.list({ limit: 20 });
    expect(list.map((call) => call.sid)).toEqual([created.sid]);
  });
});
