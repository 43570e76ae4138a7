import { once } from "node:events";
import { createLogger, type RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { z } from "zod";
import { CALLER, DESK } from "./testing/machine-fixture.js";
import {
  MEDIA_TOKEN,
  NO_AGENT_CORE,
  quietKit,
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

/** What an operator can follow a call by: each line that a call causes has its request and its tenant. */

const line = z.looseObject({
  msg: z.string(),
  callId: z.string().optional(),
  requestId: z.string().optional(),
  tenantId: z.string().optional(),
});
type Line = z.infer<typeof line>;

let agentCore: RunningService;
let bridge: RunningBridge;
let raw: string[];

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());
afterEach(() => bridge.close());

async function start(agentCoreUrl: string): Promise<void> {
  raw = [];
  bridge = await RunningBridge.start(agentCoreUrl, {
    kit: {
      ...quietKit("voice-bridge"),
      logger: createLogger({
        name: "voice-bridge",
        level: "info",
        destination: { write: (text) => void raw.push(text) },
      }),
    },
  });
}

function lines(): Line[] {
  return raw.map((text) => {
    const json: unknown = JSON.parse(text);
    return line.parse(json);
  });
}

async function ended(callId: string): Promise<Line> {
  return until(() =>
    lines().find((one) => one.msg === "call ended" && one.callId === callId),
  );
}

test("a call's lines have the request of its webhook and its tenant, from a tool that fails to the end", async () => {
  await start(NO_AGENT_CORE);
  const call = bridge.carrier.placeCall({ from: CALLER, to: DESK });
  const session = await bridge.model.session();
  await bridge.events.next("call.start");
  session.callTool("r1", "call_1", "fetch_lead", {});
  await session.next("conversation.item.create");
  session.socket.terminate();
  await bridge.model.session(1);
  call.hangUp();
  const end = await ended(call.callSid);

  const [started] = bridge.events.of("call.start");
  expect(end.requestId).toBe(started?.requestId);
  const caused = lines().filter(({ msg }) =>
    ["tool failed", "model session closed", "call ended"].includes(msg),
  );
  expect(new Set(caused.map(({ msg }) => msg)).size).toBe(3);
  for (const one of caused)
    expect(one).toMatchObject({
      requestId: started?.requestId,
      tenantId: TENANT,
    });
  // The access log too.
  const webhooks = lines().filter(({ route }) => route === "/twilio/voice");
  expect(webhooks.length).toBeGreaterThan(0);
  for (const one of webhooks)
    expect(one).toMatchObject({
      requestId: expect.any(String),
      tenantId: TENANT,
    });
});

test("nobody's number, word or secret is in them in clear", async () => {
  await start(agentCore.url);
  const call = bridge.carrier.placeCall({ from: CALLER, to: DESK });
  const session = await bridge.model.session();
  await bridge.events.next("call.start");
  session.understood("My name is Uwimana and I want brake pads");
  session.answer("r1", "Brake pads are 12,000 francs.", 40);
  await bridge.events.next("media.transcript");
  call.hangUp();
  await ended(call.callSid);
  const all = raw.join("");
  for (const secret of [
    CALLER,
    CALLER.slice(1),
    DESK,
    "Uwimana",
    "brake pads",
    "Brake pads",
    "twilio-auth-token",
    "voice-api-token",
    "test-key",
  ])
    expect(all).not.toContain(secret);
});

test("a media socket that is refused, or comes without a webhook, has the request of its upgrade", async () => {
  await start(agentCore.url);
  const refused = new WebSocket(mediaUrl(), { headers: upgradeOf("refused") });
  await once(refused, "open");
  refused.send('{"event":"media","media":{"payload":"AAAA"}}');
  await once(refused, "close");
  expect(
    lines().find(({ msg }) => msg === "media socket refused")?.requestId,
  ).toBe("refused");

  const taken = new WebSocket(mediaUrl(), { headers: upgradeOf("taken") });
  await once(taken, "open");
  taken.send(
    JSON.stringify({
      event: "start",
      streamSid: "MZ1",
      start: { callSid: "CA1", customParameters: { from: CALLER, to: DESK } },
    }),
  );
  expect((await bridge.events.next("call.start")).requestId).toBe("taken");
  taken.close();
  expect(await ended("CA1")).toMatchObject({
    requestId: "taken",
    tenantId: TENANT,
  });
});

function mediaUrl(): string {
  return `${bridge.service.url.replace("http", "ws")}/twilio-media`;
}

function upgradeOf(requestId: string): Record<string, string> {
  return {
    authorization: `Bearer ${MEDIA_TOKEN}`,
    "x-request-id": requestId,
  };
}
