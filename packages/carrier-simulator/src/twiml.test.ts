import { describe, expect, test } from "@jest/globals";
import { CarrierProblem } from "./problem.js";
import { parseTwiml } from "./twiml.js";
import twilio from "twilio";

function problemOf(xml: string): CarrierProblem {
  try {
    parseTwiml(xml);
  } catch (error) {
    if (error instanceof CarrierProblem) return error;
    throw error;
  }
  throw new Error("The document was taken.");
}

describe("a TwiML document", () => {
  test("written by Twilio's own package is read verb by verb", () => {
    const response = new twilio.twiml.VoiceResponse();
    const stream = response
      .connect({ action: "/after" })
      .stream({ url: "wss://voice.example/media", name: "call" });
    stream.parameter({ name: "tenantId", value: 'a "b" <c> & d' });
    response.say({ language: "fr-FR" }, "Un instant, s'il vous plaît.");
    response.pause({ length: 2 });
    response.dial({ callerId: "+250780000001", timeout: 15 }, "+250788000009");
    response.redirect({ method: "GET" }, "/next?a=1&b=2");
    response.hangup();
    expect(parseTwiml(response.toString())).toEqual([
      {
        verb: "connect",
        action: { url: "/after", method: "POST" },
        stream: {
          url: "wss://voice.example/media",
          name: "call",
          parameters: { tenantId: 'a "b" <c> & d' },
          statusCallback: undefined,
        },
      },
      {
        verb: "say",
        text: "Un instant, s'il vous plaît.",
        language: "fr-FR",
        times: 1,
      },
      { verb: "pause", lengthSeconds: 2 },
      {
        verb: "dial",
        numbers: ["+250788000009"],
        callerId: "+250780000001",
        timeoutSeconds: 15,
        action: undefined,
      },
      { verb: "redirect", to: { url: "/next?a=1&b=2", method: "GET" } },
      { verb: "hangup" },
    ]);
  });

  test("may name several numbers to dial, and a reason to reject", () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
      <Response>
        <!-- whoever is first -->
        <Dial><Number>+250788000009</Number><Number>+250788000008</Number></Dial>
        <Reject reason="busy"/>
      </Response>`;
    expect(parseTwiml(xml)).toMatchObject([
      { verb: "dial", numbers: ["+250788000009", "+250788000008"] },
      { verb: "reject", reason: "busy" },
    ]);
  });

  test.each([
    ["text that is not XML", "<Response><Say>hello</Response>", 12100],
    ["another root", "<Answer/>", 12200],
    ["a verb that does not exist", "<Response><Sing/></Response>", 12200],
    [
      "a stream without TLS",
      '<Response><Connect><Stream url="ws://a.example/"/></Connect></Response>',
      12200,
    ],
    [
      "a stream address with a query",
      '<Response><Connect><Stream url="wss://a.example/?a=1"/></Connect></Response>',
      12200,
    ],
    [
      "a pause that is no number",
      '<Response><Pause length="x"/></Response>',
      12200,
    ],
    ["a dial without a number", "<Response><Dial/></Response>", 12200],
    [
      "a parameter of more than 500 characters",
      `<Response><Connect><Stream url="wss://a.example/"><Parameter name="a" value="${"x".repeat(500)}"/></Stream></Connect></Response>`,
      12200,
    ],
  ])("is refused for %s", (_what, xml, code) => {
    expect(problemOf(xml).code).toBe(code);
  });
});
