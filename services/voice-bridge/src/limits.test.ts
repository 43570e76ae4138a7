import { createServer } from "node:http";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import {
  createEvent,
  createMemoryBus,
  createMemoryStore,
  createStore,
} from "@easymo/messaging";
import { AgentTokens } from "@easymo/routing";
import { systemClock, type RunningService } from "@easymo/service-kit";
import { randomName, redisUrl, until } from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  test,
} from "@jest/globals";
import type { FakeModelSession } from "./testing/fake-model.js";
import {
  CALLER,
  DESK,
  DrivenCall,
  ROUTING,
} from "./testing/machine-fixture.js";
import {
  quietKit,
  RunningBridge,
  startAgentCore,
  TENANT,
} from "./testing/running-bridge.js";

/** What an agent may have: calls at once, seconds per call, tokens per day. */

const cleanUps: (() => Promise<unknown>)[] = [];
let agentCore: RunningService;
let people = 0;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** The contract's document, its first agent with limits, its first channel with a name. */
function limited(limits: string): string {
  return ROUTING.replace(
    'to: "+250788000009"}',
    `to: "+250788000009"}\n    limits: ${limits}`,
  ).replace("agent: sales}", "agent: sales, name: production/desk}");
}

async function start(
  limits: string,
  options: Parameters<typeof RunningBridge.start>[1] = {},
): Promise<RunningBridge> {
  const routing = limited(limits);
  const bridge = await RunningBridge.start(agentCore.url, {
    routing,
    ...options,
  });
  cleanUps.push(() => bridge.close());
  return bridge;
}

function someone(): string {
  people += 1;
  return `+25078870${String(people).padStart(4, "0")}`;
}

async function onCall(
  bridge: RunningBridge,
): Promise<{ call: SimulatedCall; session: FakeModelSession }> {
  const call = bridge.carrier.placeCall({ from: someone(), to: DESK });
  const session = await bridge.model.session(bridge.model.sessions.length);
  await call.waitFor("streamStarted");
  const heard = bridge.events.of("media.transcript").length;
  session.answer("r1", "Muraho.", 100, await session.next("response.create"));
  await bridge.events.next("media.transcript", heard);
  return { call, session };
}

async function turnedAway(bridge: RunningBridge): Promise<void> {
  const next = bridge.carrier.placeCall({ from: someone(), to: DESK });
  expect((await next.waitFor("say")).text).toContain("busy");
  expect((await next.waitFor("dial")).numbers).toEqual(["+250788000009"]);
}

function dial(bridge: RunningBridge): Promise<Response> {
  return bridge.api("/calls", {
    method: "POST",
    body: JSON.stringify({ tenantId: TENANT, to: someone(), agent: "sales" }),
  });
}

describe("an agent's calls at once", () => {
  test("are kept over all replicas: the next caller is passed on, and comes in when one has hung up", async () => {
    const url = await redisUrl();
    const prefix = `${randomName()}:`;
    const bus = createMemoryBus(quietKit("bus"));
    const replica = () =>
      start("{calls: 1}", {
        bus,
        store: createStore(url, { ...quietKit("store"), prefix }),
      });
    const [here, there] = await Promise.all([replica(), replica()]);
    const { call } = await onCall(there);
    await turnedAway(here);
    await turnedAway(there);
    expect(await here.metrics()).toContain(
      'easymo_agent_limits_reached_total{limit="calls"} 1',
    );
    const refused = await dial(here);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "at_capacity" });
    call.hangUp();
    await there.events.next("call.stop");
    // The line is given back in the background: told by the door that keeps it.
    await until(async () => {
      const answer = await here.webhook("/twilio/voice", {
        CallSid: `CA-${people}`,
        From: someone(),
      });
      return (await answer.text()).includes("<Stream");
    });
  });

  test("let another of the tenant's agents, and another tenant, be called", async () => {
    const bridge = await start("{calls: 1}");
    await onCall(bridge);
    const other = bridge.carrier.placeCall({
      from: someone(),
      to: "+250780000002",
    });
    await other.waitFor("streamStarted");
  });

  test("stand against a SIP call too: it is passed on by OpenAI's gateway", async () => {
    const asked: string[] = [];
    const rest = createServer((request, response) => {
      asked.push(request.url ?? "");
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => rest.listen(0, "127.0.0.1", resolve));
    cleanUps.push(async () => {
      rest.closeAllConnections();
      await new Promise((resolve) => rest.close(resolve));
    });
    const address = rest.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const bus = createMemoryBus(quietKit("bus"));
    const bridge = await start("{calls: 1}", {
      bus,
      env: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
    });
    await onCall(bridge);
    const at = new Date().toISOString();
    await bus.publishEvent(
      "voice.sip.events",
      createEvent("sip.connected", {
        source: "/sip-ingress/openai",
        tenantId: TENANT,
        requestId: "req-sip",
        subject: "rtc_full",
        data: {
          callId: "rtc_full",
          tenantId: TENANT,
          agent: "sales",
          from: CALLER,
          to: "sip:desk@kigali.example",
          at,
          timestamp: at,
          payload: { provider: "openai", openaiCallId: "rtc_full" },
        },
      }),
    );
    await until(() => asked.length > 0);
    expect(asked).toEqual(["/v1/realtime/calls/rtc_full/refer"]);
    expect(bridge.model.sessions).toHaveLength(1);
  });
});

describe("an agent's tokens of the day", () => {
  test("are what its calls use; when they are spent, who calls is passed on and nobody is dialled", async () => {
    const store = createMemoryStore(systemClock);
    const bridge = await start("{tokensPerDay: 30}", { store });
    const tokens = new AgentTokens({
      keyValue: store.keyValue,
      clock: systemClock,
    });
    const agent = { name: "sales", limits: { tokensPerDay: 1_000_000 } };
    const { session } = await onCall(bridge);
    const before = await tokens.left(TENANT, agent);
    expect(before).toBeLessThan(1_000_000);
    session.answer("r2", "A lot of words.", 100);
    await bridge.events.next("media.transcript", 1);
    await until(async () => (await tokens.left(TENANT, agent)) < before);
    // Whatever the script's answers cost, the rest of the day's goes here.
    await tokens.spend(TENANT, "sales", 30);
    await turnedAway(bridge);
    expect(await bridge.metrics()).toContain(
      'easymo_agent_limits_reached_total{limit="tokens_per_day"} 1',
    );
    const refused = await dial(bridge);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "tokens_spent" });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    // Who is on the line stays.
    const live = await bridge.api("/calls");
    expect(await live.json()).toHaveProperty("calls.length", 1);
  });
});

describe("an agent's seconds per call", () => {
  const agent = {
    ...DrivenCall.live().state.identity.agent,
    limits: { callSeconds: 60 },
  };

  test("are over: what is being said is said, then a goodbye in the caller's language, then the call ends", () => {
    const call = DrivenCall.greeted({ agent: { ...agent, languages: ["fr"] } });
    call.pass(59_000);
    expect(call.done).toEqual([]);
    const item = call.begin("r1");
    call.speak(item, "r1", 2_000);
    call.pass(1_000);
    expect(call.said).toEqual([]);
    expect(call.done).not.toContain("clear_playback");
    call.finish("r1", item, "Il y en a trois.");
    expect(call.said).toEqual([expect.stringContaining("au revoir")]);
    call.answer("r-bye", "Au revoir.", 2_000);
    expect(call.all("close_leg")).toEqual([]);
    call.hearAll();
    expect(call.all("close_leg")).toEqual([
      { do: "close_leg", reason: "time_limit", outcome: { kind: "hang_up" } },
    ]);
    expect(call.published("call.stop")).toEqual([
      expect.objectContaining({ reason: "time_limit" }),
    ]);
    expect(
      call.all("observe").filter(({ what }) => what.metric === "limit"),
    ).toEqual([
      { do: "observe", what: { metric: "limit", limit: "call_seconds" } },
    ]);
  });

  test("end a call also when the model says no goodbye", () => {
    const call = DrivenCall.greeted({ agent });
    call.pass(60_000);
    call.pass(15_000);
    expect(call.all("close_leg")).toHaveLength(1);
  });

  test("do not cut a goodbye or a transfer that is under way, and are not there without a limit", () => {
    const call = DrivenCall.greeted({ agent });
    call.step({ type: "transfer", to: "+250788000009", reason: "asked" });
    call.pass(60_000);
    expect(call.all("observe")).toEqual([]);
    const unlimited = DrivenCall.greeted();
    unlimited.pass(24 * 3_600_000);
    expect(unlimited.all("close_leg")).toEqual([]);
  });
});

describe("a channel with a name", () => {
  test("tells when it had its last traffic, by its name and never by its number", async () => {
    const bridge = await start("{calls: 5}");
    expect(await bridge.metrics()).not.toMatch(
      /easymo_channel_last_traffic_timestamp_seconds\{/,
    );
    const before = Date.now() / 1_000;
    await onCall(bridge);
    const line = /easymo_channel_last_traffic_timestamp_seconds\{(.*)\} (.*)/;
    const [, labels, value] = line.exec(await bridge.metrics()) ?? [];
    expect(labels).toBe('channel="production/desk"');
    expect(Number(value)).toBeGreaterThanOrEqual(before);
  });
});
