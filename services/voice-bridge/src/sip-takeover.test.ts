import { createStore } from "@easymo/messaging";
import { systemClock } from "@easymo/service-kit";
import { ServiceProcess, startRedis, type OwnRedis } from "@easymo/testbed";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { CallLeases } from "./replicas/call-leases.js";
import { LedCalls } from "./replicas/led-calls.js";
import { FakeModel } from "./testing/fake-model.js";
import { identity } from "./testing/machine-fixture.js";
import {
  API_TOKEN,
  PUBLIC_URL,
  quietKit,
  routingFile,
  SECRET,
} from "./testing/running-bridge.js";

/** Replicas in processes of their own, and calls over SIP that outlive them. */

const LEASE_SECONDS = 3;
const CALL_ID = "rtc_outlives";

let redis: OwnRedis;
let model: FakeModel;
let replicas: ServiceProcess[];

beforeEach(async () => {
  replicas = [];
  [redis, model] = await Promise.all([startRedis(), FakeModel.start()]);
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all([redis.stop(), model.close()]);
});

async function startReplica(): Promise<ServiceProcess> {
  const replica = await ServiceProcess.start(
    "voice-bridge",
    {
      KAFKA_BROKERS: "memory:",
      REDIS_URL: redis.url,
      ROUTING_FILE: await routingFile(),
      AGENT_CORE_URL: "http://127.0.0.1:1",
      AGENT_CORE_JWT_SECRET: SECRET,
      PUBLIC_URL,
      VOICE_API_TOKEN: API_TOKEN,
      OPENAI_API_KEY: "test-key",
      OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
      OPENAI_REALTIME_URL: model.url,
      CALL_LEASE_SECONDS: String(LEASE_SECONDS),
      DRAIN_SECONDS: "0",
    },
    "/healthz",
  );
  replicas.push(replica);
  return replica;
}

/** A replica had the call, said so, and is no more. */
async function leaveBehind(callId: string): Promise<void> {
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
    isFree: () => false,
    takeOver: () => false,
  });
  await led.lead(identity({ callId, channel: "sip" }));
  await store.close();
}

async function view(replica: ServiceProcess): Promise<unknown> {
  const answer = await fetch(`${replica.url}/calls/${CALL_ID}`, {
    headers: { authorization: `Bearer ${API_TOKEN}` },
  });
  return answer.json();
}

describe("a call over SIP whose replica is killed", () => {
  test("is gone on with by the next replica: tools answer again, and nobody is greeted twice", async () => {
    await leaveBehind(CALL_ID);
    const first = await startReplica();
    await model.session(0);
    const second = await startReplica();
    first.signal("SIGKILL");
    await first.exited;

    const session = await model.session(1);
    expect(model.requests[1]?.url).toContain(`call_id=${CALL_ID}`);
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
      callId: CALL_ID,
      tenantId: "kigali-parts",
      status: "live",
    });
  }, 120_000);
});
