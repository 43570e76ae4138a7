import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimulatedCall } from "@easymo/carrier-simulator";
import { type Bus, createConsumer, topicNames } from "@easymo/messaging";
import { watchRouting } from "@easymo/routing";
import {
  createLogger,
  listen,
  systemClock,
  type Metrics,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import type { Voice } from "@easymo/telephone-audio";
import { DeadLetterDesk } from "../conversations/dead-letter-desk.js";
import { SyntheticCaller } from "../phone/synthetic-caller.js";
import type { PlatformOptions } from "../platform/kit.js";
import type { Platform } from "../platform/platform.js";
import { sharedBus } from "../platform/shared-bus.js";
import { sipIngressApp } from "../platform/sip-ingress.js";
import { SipDoor } from "../sip/sip-door.js";

const DESK = "+250780000001";
const BUSINESS = "106540352242922";
const logger = createLogger({ name: "traffic", level: "fatal" });

/** Somebody on the telephone, in words. */
class Caller {
  readonly call: SimulatedCall;
  readonly #voice: SyntheticCaller;

  constructor(platform: Platform, voice: SyntheticCaller, from: string) {
    this.call = platform.carrier.placeCall({ from, to: DESK });
    this.#voice = voice;
  }

  async say(text: string): Promise<void> {
    const { audio } = await this.#voice.utter(text, "en");
    await this.call.speak(audio);
  }

  async ended(): Promise<void> {
    await this.call.waitFor("ended", undefined, { timeoutMs: 60_000 });
  }
}

/** Pays, and does not let the agent finish. */
export async function paysAndInterrupts(platform: Platform, voice: Voice) {
  const caller = new Caller(
    platform,
    new SyntheticCaller(voice),
    "+250788000701",
  );
  await caller.call.waitFor("streamStarted");
  let cleared = false;
  caller.call.on("clear", () => (cleared = true));
  // Who is too late to interrupt asks again.
  await until(
    async () => {
      await caller.say("I want to pay 5000 francs");
      await caller.call.waitFor("played");
      await caller.say("Wait, please.");
      return cleared;
    },
    { timeoutMs: 60_000, what: "An interruption" },
  );
  caller.call.hangUp();
  await caller.ended();
}

/** Wants no more calls. */
export async function optsOutByKey(platform: Platform, voice: Voice) {
  const caller = new Caller(
    platform,
    new SyntheticCaller(voice),
    "+250788000702",
  );
  await caller.call.waitFor("played");
  caller.call.press("9");
  await caller.ended();
}

/** Talks to a model that has its troubles. */
export async function callsAFailingModel(platform: Platform, voice: Voice) {
  platform.modelFaults?.inject({ kind: "error_event" });
  platform.modelFaults?.inject({ kind: "drop_connection", at: "response" });
  const caller = new Caller(
    platform,
    new SyntheticCaller(voice),
    "+250788000703",
  );
  await caller.call.waitFor("streamStarted");
  await until(
    async () => {
      await caller.say("Do you have brake pads?");
      return platform.modelFaults?.list().length === 0;
    },
    { timeoutMs: 60_000, what: "Every fault of the model" },
  );
  caller.call.hangUp();
  await caller.ended();
}

/** Is told that nobody can be spoken with. */
export async function callsWithoutAModel(platform: Platform, voice: Voice) {
  const { modelFaults } = platform;
  modelFaults?.inject({ kind: "refuse_connection", times: 1_000 });
  const caller = new Caller(
    platform,
    new SyntheticCaller(voice),
    "+250788000704",
  );
  // The desk's own number is dialled then, and somebody there picks up.
  await caller.call.waitFor("streamStopped", undefined, {
    timeoutMs: 60_000,
  });
  caller.call.hangUp();
  await caller.ended();
  modelFaults?.clear();
}

/** A SIP proxy's event while no broker answers. */
export async function signalsWithoutKafka(
  platform: Platform,
  options: PlatformOptions,
) {
  const bus: Bus = {
    ...sharedBus(platform.bus),
    publish: () => Promise.reject(new Error("No broker answers.")),
  };
  const tokens = new Map([["kigali-parts", "a-token-for-watching"]]);
  const running = await listen(sipIngressApp(options, { bus, tokens }), {
    port: 0,
    host: "127.0.0.1",
  });
  const sip = new SipDoor({ url: running.url, tokens });
  const body = {
    callId: "unheard@proxy.example",
    event: "ringing",
    timestamp: new Date(options.clock.now()).toISOString(),
    idempotencyKey: "unheard",
  };
  const { status } = await sip.send({
    tenant: "kigali-parts",
    token: "own",
    body,
  });
  await running.close();
  return status;
}

/** Orders, pays, and wants no more messages; a webhook for nobody, and one that tells of Meta's own troubles. */
export async function writesOnWhatsApp({ whatsApp }: Platform) {
  const { network, webhooks } = whatsApp;
  const write = (business: string, phone: string, body: string) =>
    network.send(network.chatOf(business, { name: "Aline", phone }), {
      type: "text",
      text: { body },
    });
  write(BUSINESS, "+250788000711", "I need brake pads in Remera");
  write(BUSINESS, "+250788000711", "I want to pay 5000 francs");
  write(BUSINESS, "+250788000712", "stop");
  write("999", "+250788000713", "Is anybody there?");
  const value = {
    messaging_product: "whatsapp",
    metadata: { display_phone_number: "1", phone_number_id: BUSINESS },
    errors: [{ code: 131_000, title: "Something went wrong" }],
  };
  await webhooks.deliver(
    {
      object: "whatsapp_business_account",
      entry: [{ id: "1", changes: [{ field: "messages", value }] }],
    },
    () => undefined,
  );
}

/** A call's events from a SIP proxy, one of them twice. */
export async function signalsBySip({ sip }: Platform) {
  const common = { callId: "watched@proxy.example", from: "+250788000721" };
  const events = ["ringing", "connected", "ended", "ended"].map((event, i) => ({
    ...common,
    to: "sip:desk@kigali.example",
    event,
    timestamp: new Date(systemClock.now()).toISOString(),
    idempotencyKey: `${event}-key-${String(Math.min(i, 2))}`,
  }));
  for (const body of events)
    await sip.send({ tenant: "kigali-parts", token: "own", body });
}

/** A record that nobody can read, and one that a consumer takes at the second attempt. */
export async function failsOnTheBus(platform: Platform, metrics: Metrics) {
  const { bus, orchestration } = platform;
  const consumer = createConsumer({
    bus,
    group: "second-attempt",
    topics: [topicNames.whatsappInbound],
    retryDelaysMs: [50],
    handler: (_event, { attempt }) =>
      attempt === 1
        ? Promise.reject(new Error("Not at the first attempt."))
        : Promise.resolve(),
    logger,
    metrics,
  });
  await consumer.start();
  await new DeadLetterDesk(orchestration.deadLetters, bus).poison();
  return consumer;
}

/** A routing document that is broken by a change. */
export async function breaksTheRouting(metrics: Metrics) {
  const folder = await mkdtemp(join(tmpdir(), "easymo-routing-"));
  const file = join(folder, "routing.yaml");
  await writeFile(file, "agents: []\nchannels: []\n");
  const routing = await watchRouting({
    file,
    logger,
    metrics,
    clock: systemClock,
  });
  await writeFile(file, "agents: nobody\n");
  return async () => {
    await routing.close();
    await rm(folder, { recursive: true });
  };
}
