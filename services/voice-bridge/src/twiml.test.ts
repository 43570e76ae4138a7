import { createMemoryStore, createMemoryBus } from "@easymo/messaging";
import { systemClock } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { CALLER, DESK } from "./testing/machine-fixture.js";
import {
  NO_AGENT_CORE,
  PUBLIC_URL,
  quietKit,
  RunningBridge,
  TENANT,
} from "./testing/running-bridge.js";

/** What the carrier is answered, to the letter. */

const FRENCH_DESK = "+250780000002";
const SORRY = {
  en: '<Say language="en-US">We are sorry, there is a technical problem.</Say>',
  fr: '<Say language="fr-FR">Nous sommes désolés, il y a un problème technique.</Say>',
};

let bridge: RunningBridge;
/** With room for one call. */
let small: RunningBridge;

beforeAll(async () => {
  bridge = await RunningBridge.start(NO_AGENT_CORE);
  small = await RunningBridge.start(NO_AGENT_CORE, {
    bus: createMemoryBus(quietKit("bus")),
    store: createMemoryStore(systemClock),
    env: { MAX_CALLS: "1" },
  });
});
afterAll(async () => {
  await bridge.close();
  await small.close();
});

let calls = 0;
function newCall(): string {
  calls += 1;
  return `CA-document-${calls}`;
}

async function twiml(
  path: string,
  fields: Record<string, string>,
  from = bridge,
): Promise<string> {
  const answer = await from.webhook(path, fields);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch(/^text\/xml/);
  const text = await answer.text();
  return text.replace('<?xml version="1.0" encoding="UTF-8"?>', "");
}

describe("the answer to a call", () => {
  test("is a stream to us with who calls whom, and what comes after it", async () => {
    const answer = await bridge.webhook("/twilio/voice", {
      CallSid: newCall(),
    });
    const requestId = answer.headers.get("x-request-id") ?? "none";
    const parameters = {
      tenantId: TENANT,
      agent: "sales",
      from: CALLER,
      to: DESK,
      direction: "inbound",
      requestId,
    };
    const written = Object.entries(parameters)
      .map(([name, value]) => `<Parameter name="${name}" value="${value}"/>`)
      .join("");
    const media = `${PUBLIC_URL.replace("https", "wss")}/twilio-media`;
    expect(await answer.text()).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${media}" statusCallback="${PUBLIC_URL}/twilio/status" statusCallbackMethod="POST">${written}</Stream></Connect><Redirect method="POST">${PUBLIC_URL}/twilio/after</Redirect></Response>`,
    );
  });

  test("of an agent that dialled names that agent, and the numbers as they are", async () => {
    const answer = await twiml("/twilio/voice?agent=sales", {
      CallSid: newCall(),
      Direction: "outbound-api",
      From: DESK,
      To: CALLER,
    });
    expect(answer).toContain('<Parameter name="direction" value="outbound"/>');
    expect(answer).toContain(`<Parameter name="from" value="${DESK}"/>`);
    expect(answer).toContain(`<Parameter name="to" value="${CALLER}"/>`);
  });

  test("keeps what a caller's name may do to XML out of it", async () => {
    const answer = await twiml("/twilio/voice", {
      CallSid: newCall(),
      From: 'sip:"<Dial>"@x',
    });
    expect(answer).toContain('value="sip:&quot;&lt;Dial');
    expect(answer).not.toContain("<Dial");
  });

  test("to a number that nobody has says so and hangs up", async () => {
    expect(
      await twiml("/twilio/voice", { CallSid: newCall(), To: "+250780009999" }),
    ).toBe(
      '<Response><Say language="en-US">This number is not in service.</Say><Say language="en-US">Please call again later. Goodbye.</Say><Hangup/></Response>',
    );
  });

  test("when all lines are busy says so: to the transfer number, or else goodbye, in the agent's language", async () => {
    await twiml("/twilio/voice", { CallSid: newCall() }, small);
    expect(await twiml("/twilio/voice", { CallSid: newCall() }, small)).toBe(
      '<Response><Say language="en-US">All our lines are busy.</Say><Say language="en-US">We are connecting you to a colleague.</Say><Dial>+250788000009</Dial></Response>',
    );
    expect(
      await twiml(
        "/twilio/voice",
        { CallSid: newCall(), To: FRENCH_DESK },
        small,
      ),
    ).toBe(
      '<Response><Say language="fr-FR">Toutes nos lignes sont occupées.</Say><Say language="fr-FR">Rappelez plus tard. Au revoir.</Say><Hangup/></Response>',
    );
  });
});

describe("the answer after a stream", () => {
  test("that ended without our doing is an apology: to the transfer number, or else goodbye", async () => {
    expect(await twiml("/twilio/after", { CallSid: newCall() })).toBe(
      `<Response>${SORRY.en}<Say language="en-US">We are connecting you to a colleague.</Say><Dial>+250788000009</Dial></Response>`,
    );
    expect(
      await twiml("/twilio/after", { CallSid: newCall(), To: FRENCH_DESK }),
    ).toBe(
      `<Response>${SORRY.fr}<Say language="fr-FR">Rappelez plus tard. Au revoir.</Say><Hangup/></Response>`,
    );
  });

  test("of a call that is to be transferred dials its target; of one that was hung up, hangs up", async () => {
    const transferred = newCall();
    await bridge.webhook("/twilio/voice", { CallSid: transferred });
    await bridge.api(`/calls/${transferred}/transfer`, {
      method: "POST",
      body: JSON.stringify({ to: "+250788000123" }),
    });
    expect(await twiml("/twilio/after", { CallSid: transferred })).toBe(
      "<Response><Dial>+250788000123</Dial></Response>",
    );
    const hungUp = newCall();
    await bridge.webhook("/twilio/voice", { CallSid: hungUp });
    await bridge.api(`/calls/${hungUp}/hangup`, { method: "POST" });
    expect(await twiml("/twilio/after", { CallSid: hungUp })).toBe(
      "<Response><Hangup/></Response>",
    );
  });
});

describe("what the carrier tells of a call", () => {
  test.each(["/twilio/voice", "/twilio/after", "/twilio/status"])(
    "has to be signed at %s: 403 otherwise, whatever is said",
    async (path) => {
      const body = new URLSearchParams({
        CallSid: newCall(),
        CallStatus: "completed",
      });
      for (const headers of [{}, { "x-twilio-signature": "d3Jvbmc=" }]) {
        const answer = await fetch(`${bridge.service.url}${path}`, {
          method: "POST",
          headers: { ...headers },
          body,
        });
        expect(answer.status).toBe(403);
        expect(await answer.json()).toMatchObject({
          code: "invalid_signature",
        });
      }
    },
  );

  test("of its stream is taken: 204", async () => {
    for (const fields of [
      { StreamEvent: "stream-started" },
      { StreamEvent: "stream-stopped" },
      { StreamEvent: "stream-error", StreamError: "31920" },
    ]) {
      const answer = await bridge.webhook("/twilio/status", {
        CallSid: newCall(),
        ...fields,
      });
      expect(answer.status).toBe(204);
    }
  });

  test("without a CallSid is answered with 400 that names it", async () => {
    const answer = await bridge.webhook("/twilio/status", { CallSid: "" });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: "invalid_request",
      detail: expect.stringContaining("CallSid"),
    });
  });
});
