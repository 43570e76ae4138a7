import {
  createMemoryBus,
  createMemoryStore,
  type EventType,
} from "@easymo/messaging";
import {
  createRealtimeSimulator,
  type RealtimeSimulator,
  type SipCall,
} from "@easymo/realtime-simulator";
import { fixedRouting, RoutingTable } from "@easymo/routing";
import { listen, systemClock, type RunningService } from "@easymo/service-kit";
import { createSipIngress, readSipIngressConfig } from "@easymo/sip-ingress";
import { tone, toneVoice, writeCaption } from "@easymo/telephone-audio";
import { until } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import { ROUTING } from "./testing/machine-fixture.js";
import {
  quietKit,
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

/** sip-ingress, voice-bridge and the offline model with its SIP gateway: whole calls, from the webhook to the end. */

const SECRET = `whsec_${Buffer.from("a secret of the tests").toString("base64")}`;
const DESK_URI = "<sip:desk@kigali.example>";

let agentCore: RunningService;
let model: RealtimeSimulator;
let modelService: RunningService;
let ingress: RunningService;
let bridge: RunningBridge;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());

beforeEach(async () => {
  model = createRealtimeSimulator({
    kit: quietKit("realtime-simulator"),
    voice: toneVoice,
    thinkMs: 0,
    speed: 100,
  });
  modelService = await listen(model, { port: 0, host: "127.0.0.1" });
  const bus = createMemoryBus(quietKit("bus"));
  const store = createMemoryStore(systemClock);
  const openai = {
    OPENAI_API_KEY: "any-key",
    OPENAI_BASE_URL: `${modelService.url}/v1`,
  };
  ingress = await listen(
    createSipIngress(
      readSipIngressConfig({
        KAFKA_BROKERS: "memory:",
        REDIS_URL: "memory:",
        ROUTING_FILE: "unused",
        SIP_INGRESS_TOKENS: `${TENANT}=a-token-of-the-tests`,
        OPENAI_WEBHOOK_SECRET: SECRET,
        ...openai,
      }),
      {
        ...quietKit("sip-ingress"),
        bus,
        store,
        routing: fixedRouting(RoutingTable.parse(ROUTING)),
      },
    ),
    { port: 0, host: "127.0.0.1" },
  );
  bridge = await RunningBridge.start(agentCore.url, {
    bus,
    store,
    env: {
      ...openai,
      OPENAI_REALTIME_URL: `${modelService.url.replace("http", "ws")}/v1/realtime`,
    },
  });
});

afterEach(async () => {
  await modelService.close();
  await bridge.close();
  await ingress.close();
});

function dial(from: string, to = DESK_URI): SipCall {
  return model.sip.place({
    from: `"A caller" <sip:${from}@carrier.example>`,
    to,
    webhook: { url: `${ingress.url}/openai/webhook`, secret: SECRET },
    speed: 20,
  });
}

/** What the caller says; the offline model reads the caption. */
function utterance(text: string, language: string): Buffer {
  return writeCaption(tone({ hz: 440, durationMs: 800 }), { text, language });
}

function types(callId: string): EventType[] {
  return bridge.events.events
    .filter((event) => event.subject === callId)
    .map((event) => event.type);
}

describe("a call over OpenAI's SIP gateway", () => {
  test("is greeted, told how to pay, and ended when its caller wants no more calls", async () => {
    const from = "+250788610001";
    const call = dial(from);
    await call.answered;
    expect((await bridge.events.next("call.start")).data).toMatchObject({
      callId: call.callId,
      tenantId: TENANT,
      agent: "sales",
      channel: "sip",
      from,
    });
    expect((await bridge.events.next("media.transcript")).data).toMatchObject({
      role: "assistant",
      text: expect.stringContaining("spare parts desk"),
      interrupted: false,
    });
    expect(call.heard().length).toBeGreaterThan(800);
    call.speak(utterance("I want to pay 5000 francs", "en"));
    expect(
      (await bridge.events.next("call.payment_prompt")).data,
    ).toMatchObject({ method: "momo_ussd", ussd: "*182*8*1*012345*5000#" });
    // The code is being read: the caller speaks over it.
    const heardMs = call.view().heardMs;
    await call.hears(heardMs + 200);
    call.speak(utterance("Ntuzongere kumpamagara", "rw"));
    expect((await bridge.events.next("call.opt_out")).data).toMatchObject({
      phone: from,
      language: "rw",
    });
    expect(await call.over).toEqual({ by: "hangup" });
    expect((await bridge.events.next("call.stop")).data.reason).toBe("opt_out");
    await expect(bridge.agentCore.optOut(from)).resolves.toMatchObject({
      optedOut: true,
    });
    for (const once of ["call.start", "call.connected", "call.stop"])
      expect(types(call.callId).filter((type) => type === once)).toEqual([
        once,
      ]);
  });

  test("is referred to a person who is asked for", async () => {
    const call = dial("+250788610002");
    await bridge.events.next("media.transcript");
    call.speak(utterance("Can I speak to a person please", "en"));
    expect(await call.over).toEqual({
      by: "refer",
      target: "tel:+250788000009",
    });
    expect((await bridge.events.next("call.transfer")).data).toMatchObject({
      to: "+250788000009",
    });
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "transfer",
    );
  });

  test("goes on when the side-band socket drops in the middle of it", async () => {
    const call = dial("+250788610003");
    await bridge.events.next("media.transcript");
    model.dropConnections();
    await until(() => call.view().joined === 2);
    const answered = bridge.events.of("media.transcript").length;
    call.speak(utterance("How much are brake pads", "en"));
    await bridge.events.next("media.transcript", answered);
    call.hangUp();
    expect((await bridge.events.next("call.stop")).data.reason).toBe(
      "caller_hangup",
    );
  });

  test("to an address that nobody has is rejected with 404, and nobody is told", async () => {
    const call = dial("+250788610004", "<sip:nobody@kigali.example>");
    expect(await call.over).toEqual({ by: "reject", status: 404 });
    expect(bridge.events.events).toEqual([]);
  });

  test("is known to the calls API, which hangs it up", async () => {
    const call = dial("+250788610005");
    await bridge.events.next("media.transcript");
    const list = await (await bridge.api("/calls")).json();
    expect(list).toMatchObject({ calls: [{ callId: call.callId }] });
    await bridge.api(`/calls/${call.callId}/hangup`, { method: "POST" });
    expect(await call.over).toEqual({ by: "hangup" });
  });
});
