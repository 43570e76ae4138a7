import {
  createBus,
  createMemoryBus,
  createStore,
  type Bus,
} from "@easymo/messaging";
import { systemClock, type RunningService } from "@easymo/service-kit";
import {
  kafkaBrokers,
  randomName,
  ServiceProcess,
  startRedis,
  until,
  type OwnRedis,
} from "@easymo/testbed";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import { z } from "zod";
import { paymentWording } from "./payment/wording.js";
import { CallLeases } from "./replicas/call-leases.js";
import { LedCalls } from "./replicas/led-calls.js";
import { FakeModel } from "./testing/fake-model.js";
import { identity } from "./testing/machine-fixture.js";
import {
  API_TOKEN,
  EventLog,
  PUBLIC_URL,
  quietKit,
  recordEvents,
  routingFile,
  SECRET,
  startAgentCore,
} from "./testing/running-bridge.js";

/** Replicas in processes of their own, and calls over SIP that outlive them. */

/** Longer than a process may stand still on a busy machine. */
const LEASE_SECONDS = 8;
const USSD = "*182*8*1*012345*5000#";
const SPOKEN = paymentWording(
  {
    method: "momo_ussd",
    amount: 5_000,
    currency: "RWF",
    ussd: USSD,
    instructions: "",
  },
  "fr",
);

let agentCore: RunningService;
let redis: OwnRedis;
let model: FakeModel;
let replicas: ServiceProcess[];
let bus: Bus;
let callId: string;

beforeAll(async () => {
  agentCore = await startAgentCore();
});
afterAll(() => agentCore.close());

beforeEach(async () => {
  replicas = [];
  callId = `rtc_${randomName()}`;
  bus = createMemoryBus();
  [redis, model] = await Promise.all([startRedis(), FakeModel.start()]);
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all([bus.close(), redis.stop(), model.close()]);
});

async function startReplica(
  env: Record<string, string> = {},
): Promise<ServiceProcess> {
  const replica = await ServiceProcess.start(
    "voice-bridge",
    {
      KAFKA_BROKERS: "memory:",
      REDIS_URL: redis.url,
      ROUTING_FILE: await routingFile(),
      AGENT_CORE_URL: agentCore.url,
      AGENT_CORE_JWT_SECRET: SECRET,
      PUBLIC_URL,
      VOICE_API_TOKEN: API_TOKEN,
      OPENAI_API_KEY: "test-key",
      OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
      OPENAI_REALTIME_URL: model.url,
      CALL_LEASE_SECONDS: String(LEASE_SECONDS),
      DRAIN_SECONDS: "0",
      ...env,
    },
    "/healthz",
  );
  replicas.push(replica);
  return replica;
}

/** A replica had the call, said so, and is no more. */
async function leaveBehind(): Promise<void> {
  const store = createStore(redis.url, quietKit("gone"));
  const times = { leaseMs: 1, renewMs: 60_000 };
  const kit = { ...quietKit("gone"), clock: systemClock };
  const leases = new CallLeases({
    ...kit,
    times,
    idempotency: store.idempotency,
    lost: () => undefined,
  });
  const led = new LedCalls({
    ...kit,
    times,
    leases,
    versioned: store.versioned,
    progressOf: () => undefined,
    isFree: () => false,
    takeOver: () => false,
  });
  await led.lead(identity({ callId, channel: "sip" }));
  await store.close();
}

/** Resolves when other replicas could go on from it. */
async function isKeptFor(words: string): Promise<void> {
  const store = createStore(redis.url, quietKit("reader"));
  await until(async () => {
    const [kept] = await store.versioned.read([`{voice:led-calls}:${callId}`]);
    return kept?.value.includes(words);
  });
  await store.close();
}

async function turns(replica: ServiceProcess): Promise<number> {
  return z.looseObject({ turns: z.number() }).parse(await view(replica)).turns;
}

async function view(replica: ServiceProcess): Promise<unknown> {
  const answer = await fetch(`${replica.url}/calls/${callId}`, {
    headers: { authorization: `Bearer ${API_TOKEN}` },
  });
  return answer.json();
}

describe("a call over SIP whose replica is killed", () => {
  test("is gone on with by the next replica: tools answer again, and nobody is greeted twice", async () => {
    await leaveBehind();
    const first = await startReplica();
    await model.session(0);
    const second = await startReplica();
    first.signal("SIGKILL");
    await first.exited;

    const session = await model.session(1);
    expect(model.requests[1]?.url).toContain(`call_id=${callId}`);
    await session.next("session.update");
    const { item } = await session.next("conversation.item.create");
    expect(JSON.stringify(item)).toContain("no tool could be used");
    const words = await session.next("response.create");
    expect(JSON.stringify(words)).not.toContain("Muraho");
    session.answer("r1", "Where were we?", 20, words);
    session.callTool("r2", "call_1", "fetch_lead", {});
    const result = await session.next("conversation.item.create", 1);
    expect(result).toMatchObject({
      item: { type: "function_call_output", call_id: "call_1" },
    });
    expect(await view(second)).toMatchObject({
      callId,
      tenantId: "kigali-parts",
      status: "live",
    });
  });

  test("keeps what it had come to: the code that was being read, the tokens, the turns and the language", async () => {
    const brokers = await kafkaBrokers();
    bus = createBus(
      { brokers, clientId: randomName(), ssl: false },
      quietKit("bus"),
    );
    const log = new EventLog();
    await recordEvents(bus, log);
    const env = { KAFKA_BROKERS: brokers.join(",") };
    await leaveBehind();
    const first = await startReplica(env);
    const before = await model.session(0);
    const words = await before.next("response.create");
    before.answer("r1", "Where were we?", 20, words);
    before.understood("Ndashaka kwishyura");
    before.callTool("r2", "call_1", "collect_payment", {
      amount: 5_000,
      language: "fr",
    });
    const reading = await before.next("response.create", 1);
    expect(JSON.stringify(reading)).toContain(SPOKEN);
    // Nothing of it was heard yet.
    await isKeptFor(USSD);
    const second = await startReplica(env);
    first.signal("SIGKILL");
    await first.exited;

    const after = await model.session(1);
    const again = await after.next("response.create");
    expect(JSON.stringify(again)).toContain(SPOKEN);
    expect(await view(second)).toMatchObject({ callId, turns: 1 });
    after.answer("r3", "Composez le code.", 20, again);
    const last = await after.next("response.create", 1);
    expect(JSON.stringify(last)).toContain(SPOKEN);
    after.answer("r4", SPOKEN, 20, last);
    after.understood("Murakoze");
    await until(async () => (await turns(second)) === 2);
    await fetch(`${second.url}/calls/${callId}/hangup`, {
      method: "POST",
      headers: { authorization: `Bearer ${API_TOKEN}` },
    });
    const stop = await until(() =>
      log.of("call.stop").find(({ subject }) => subject === callId),
    );
    expect(stop.data).toMatchObject({
      reason: "api_hangup",
      usage: {
        input_text: 40,
        input_audio: 80,
        output_text: 12,
        output_audio: 28,
      },
    });
  });
});
