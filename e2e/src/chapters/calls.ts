import assert from "node:assert/strict";
import { request } from "node:http";
import { signRequest, type SimulatedCall } from "@easymo/carrier-simulator";
import { AGENT, DESK, PUBLIC_URL, TENANT } from "../outside/numbers.js";
import { utterance } from "../outside/people.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

/** A real call through the Service, from the greeting over a payment to the opt-out. */
export async function calls(step: Step, world: World): Promise<void> {
  const from = "+250788500001";
  let call: SimulatedCall | undefined;
  await step(
    "turns away a webhook and a socket without the carrier's signature",
    async () => {
      const url = await world.url("voice-bridge");
      const form = { CallSid: "CA0", From: from, To: DESK };
      const path = "/twilio/voice";
      const asked = await fetch(`${url}${path}`, {
        method: "POST",
        headers: {
          "x-twilio-signature": signRequest(
            "another",
            `${PUBLIC_URL}${path}`,
            form,
          ),
        },
        body: new URLSearchParams(form),
      });
      assert.equal(asked.status, 403);
      assert.equal(await upgradeStatus(`${url}/twilio-media`), 401);
    },
  );
  await step("answers a call: the caller hears the greeting", async () => {
    await world.connectCarrier();
    call = world.carrier.placeCall({ from, to: DESK });
    await call.waitFor("streamStarted", undefined, { timeoutMs: 60_000 });
    await said(world, call, "assistant", /spare parts desk/);
  });
  await step("takes a payment by USSD, which agent-core issued", async () => {
    assert.ok(call);
    await call.speak(utterance("I want to pay 5000 francs"));
    const prompt = await world.tape.next(
      "call.payment_prompt",
      ({ data }) => data.callId === call?.callSid,
    );
    assert.equal(prompt.data.ussd, "*182*8*1*400200*5000#");
  });
  await step(
    "lets the caller opt out in Kinyarwanda; agent-core's registry knows",
    async () => {
      assert.ok(call);
      await call.speak(utterance("Ntuzongere kumpamagara", "rw"));
      const ended = await call.waitFor("ended", undefined, {
        timeoutMs: 90_000,
      });
      assert.equal(ended.reason, "twiml-hangup");
      const { optedOut } = await world.agentCoreSays(async (core) => {
        const status = await core.optOut(from);
        return status.optedOut ? status : undefined;
      }, "The opt-out in agent-core");
      assert.equal(optedOut, true);
    },
  );
  await step("refuses the next call to that number with 409", async () => {
    const response = await fetch(`${await world.url("voice-bridge")}/calls`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await world.secret("VOICE_API_TOKEN")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ tenantId: TENANT, to: from, agent: AGENT }),
    });
    assert.equal(response.status, 409, await response.text());
  });
  await step(
    "calls somebody who did not, through the carrier's REST API",
    async () => {
      const to = "+250788500002";
      const response = await fetch(`${await world.url("voice-bridge")}/calls`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${await world.secret("VOICE_API_TOKEN")}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ tenantId: TENANT, to, agent: AGENT }),
      });
      assert.equal(response.status, 202, await response.text());
      const outbound = await world.carrier.waitFor(
        "outboundCall",
        (one) => one.to === to,
        { timeoutMs: 30_000 },
      );
      await said(world, outbound, "assistant", /spare parts desk/);
      outbound.hangUp();
      await world.tape.next(
        "call.stop",
        ({ data }) => data.callId === outbound.callSid,
      );
    },
  );
}

/** Waits until somebody has said something in a call. */
export async function said(
  world: World,
  call: SimulatedCall,
  role: "user" | "assistant",
  words: RegExp,
): Promise<void> {
  await world.tape.next(
    "media.transcript",
    ({ data }) =>
      data.callId === call.callSid &&
      data.role === role &&
      words.test(data.text),
    `"${words.source}" of the ${role}`,
  );
}

/** How a WebSocket upgrade is answered that has neither signature nor token. */
function upgradeStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      headers: {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.once("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    asked.once("error", reject);
    asked.end();
  });
}
