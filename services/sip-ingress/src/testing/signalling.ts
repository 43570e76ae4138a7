import { createBus, type Bus, type EasymoEvent } from "@easymo/messaging";
import {
  freePorts,
  kafkaBrokers,
  randomName,
  ServiceProcess,
  startRedis,
  until,
  type OwnRedis,
} from "@easymo/testbed";
import {
  ENV,
  EventLog,
  quietKit,
  routingFile,
  TOKEN,
} from "./running-ingress.js";
import { freeUdpPorts, RunningKamailio } from "./running-kamailio.js";
import {
  answer,
  callee,
  Caller,
  maybe,
  play,
  request,
  wait,
  type Step,
} from "./sipp.js";

/** Both ends of a call, or of many alike. */
export interface Scenario {
  readonly caller: readonly Step[];
  readonly callee: readonly Step[];
  readonly calls?: number;
  readonly perSecond?: number;
  /** Goes on at the same time. */
  readonly during?: (callIds: readonly string[]) => Promise<void>;
}

/** The proxy between SIPp's phones, telling a sip-ingress of its own, which has a Redis of its own and a real Kafka. */
export class Signalling {
  readonly redis: OwnRedis;
  /** Where the next hop is expected. */
  readonly hopPort: number;
  readonly proxy: RunningKamailio;
  readonly #env: Record<string, string>;
  readonly #bus: Bus;
  readonly #log: EventLog;
  #ingress: ServiceProcess;

  private constructor(parts: {
    redis: OwnRedis;
    hopPort: number;
    proxy: RunningKamailio;
    env: Record<string, string>;
    bus: Bus;
    log: EventLog;
    ingress: ServiceProcess;
  }) {
    this.redis = parts.redis;
    this.hopPort = parts.hopPort;
    this.proxy = parts.proxy;
    this.#env = parts.env;
    this.#bus = parts.bus;
    this.#log = parts.log;
    this.#ingress = parts.ingress;
  }

  static async start(proxyEnv: Record<string, string>): Promise<Signalling> {
    const brokers = await kafkaBrokers();
    const bus = createBus(
      { brokers, clientId: "kamailio-test", ssl: false },
      quietKit(),
    );
    const log = await EventLog.of(bus);
    const redis = await startRedis();
    const [port = 0] = await freePorts(1);
    const [hopPort = 0] = await freeUdpPorts(1);
    const env = {
      ...ENV,
      PORT: String(port),
      KAFKA_BROKERS: brokers.join(","),
      REDIS_URL: redis.url,
      ROUTING_FILE: await routingFile(),
      LOG_LEVEL: "fatal",
    };
    const ingress = await ServiceProcess.start("sip-ingress", env);
    const proxy = await RunningKamailio.start({
      NEXT_HOP: `sip:127.0.0.1:${hopPort}`,
      SIP_INGRESS_URL: ingress.url,
      SIP_INGRESS_TOKEN: TOKEN,
      ...proxyEnv,
    });
    return new Signalling({ redis, hopPort, proxy, env, bus, log, ingress });
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.#ingress.stop();
    await this.#bus.close();
    await this.redis.stop();
  }

  /** SIGKILL for sip-ingress. */
  async killIngress(): Promise<void> {
    await this.#ingress.stop();
  }

  /** SIGTERM: it answers what it has taken. */
  async endIngress(): Promise<void> {
    this.#ingress.signal("SIGTERM");
    await this.#ingress.exited;
  }

  /** Starts sip-ingress again, where it was. */
  async restartIngress(): Promise<void> {
    this.#ingress = await ServiceProcess.start("sip-ingress", this.#env);
  }

  async ingressMetrics(): Promise<string> {
    return (await fetch(`${this.#ingress.url}/metrics`)).text();
  }

  /** Plays calls to their end; resolves with their ids. */
  async call(scenario: Scenario): Promise<readonly string[]> {
    const { calls = 1, perSecond = 50 } = scenario;
    const [port = 0] = await freeUdpPorts(1);
    const callIdPrefix = randomName("call");
    const callIds = Array.from(
      { length: calls },
      (_, at) => `${callIdPrefix}-${at + 1}`,
    );
    const gaveUp = new AbortController();
    const { signal } = gaveUp;
    const parts = [
      play({ steps: scenario.callee, port: this.hopPort, calls, signal }),
      play({
        ...{ steps: scenario.caller, port, proxyPort: this.proxy.port },
        ...{ calls, perSecond, callIdPrefix, signal },
      }),
      scenario.during?.(callIds) ?? Promise.resolve(),
    ];
    try {
      await Promise.all(parts);
    } finally {
      // When one of them fails, the others end with it.
      gaveUp.abort();
      await Promise.allSettled(parts);
    }
    return callIds;
  }

  /** Every event of a call so far, from either topic. */
  ofCall(callId: string): EasymoEvent[] {
    return this.#log.ofCall(callId);
  }

  /** What was told of a call on voice.sip.events, when its end was; a repeat of an event is that event. */
  async told(callId: string): Promise<EasymoEvent[]> {
    const events = (): EasymoEvent[] => {
      const ofTopic = this.ofCall(callId).filter(({ type }) =>
        type.startsWith("sip."),
      );
      return [...new Map(ofTopic.map((event) => [event.id, event])).values()];
    };
    await until(() => events().some(({ type }) => type === "sip.ended"), {
      timeoutMs: 45_000,
      what: `the end of ${callId}, after ${typesOf(events()).join()}`,
    });
    return events();
  }
}

export function typesOf(events: readonly EasymoEvent[]): string[] {
  return events.map(({ type }) => type);
}

const phone = new Caller();

/** Rings, is answered, a digit is pressed, and the caller hangs up. */
export const answeredCall = {
  caller: [
    ...[phone.invite(), maybe(100), maybe(180), answer(200)],
    ...[phone.send("ACK", 1), wait(50)],
    phone.send("INFO", 2, {
      type: "application/dtmf-relay",
      body: "Signal=5\nDuration=160\n",
    }),
    ...[answer(200), phone.send("BYE", 3), answer(200)],
  ],
  callee: [
    ...[callee.invited, callee.says(180, "Ringing"), callee.picksUp],
    ...[request("ACK"), request("INFO"), callee.agrees],
    ...[request("BYE"), callee.agrees],
  ],
} satisfies Scenario;

/** What is told of it. */
export const ANSWERED = [
  "sip.ringing",
  "sip.connected",
  "sip.dtmf",
  "sip.ended",
];
