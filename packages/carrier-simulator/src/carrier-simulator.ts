import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@easymo/service-kit";
import { FRAME_MS } from "@easymo/telephone-audio";
import { Addresses } from "./addresses.js";
import type { AnswerPolicy, Announcer, DialOutcome } from "./call-types.js";
import type { CallOrder, Carrier } from "./carrier.js";
import { Events, type WaitOptions } from "./events.js";
import { Pacer } from "./pacer.js";
import { createRestApi } from "./rest-api.js";
import { newSid } from "./sids.js";
import { SimulatedCall } from "./simulated-call.js";
import { Webhooks } from "./webhooks.js";

/** How many calls that are over the REST API still knows. */
const MAX_PAST_CALLS = 1000;

export interface CarrierSimulatorOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Where the voice webhook listens: `http://127.0.0.1:4100/twilio/voice`. */
  readonly voiceUrl: string;
  /** The address that the outside knows, and that signatures are made over. */
  readonly publicUrl: string;
  /** Where the numbers' own status callbacks go; none are sent without. */
  readonly statusUrl?: string;
  /** How many seconds of line time pass in one of the clock's; 1 unless told. */
  readonly speed?: number;
  /** A line sends silence while nobody speaks; true unless told. */
  readonly sendSilence?: boolean;
  /** Keep what each caller heard; true unless told. Off for long benchmarks. */
  readonly recordHeard?: boolean;
  /** How long a telephone rings before it is answered; 1,000 unless told. */
  readonly ringMs?: number;
  /** How the simulator's own telephones react; `human` unless told. */
  readonly answerAs?: AnswerPolicy | ((call: SimulatedCall) => AnswerPolicy);
  /** How numbers in `<Dial>` react; `answered` unless told. */
  readonly dialAs?:
    DialOutcome | ((number: string, call: SimulatedCall) => DialOutcome);
  /** Speaks `<Say>`; without it the words only take their time. */
  readonly announcer?: Announcer;
  readonly clock: Clock;
}

/** Where the numbers' webhooks listen. */
export type Target = Pick<CarrierSimulatorOptions, "voiceUrl" | "statusUrl">;

/** Whom somebody dials. */
export interface PlaceCallOptions {
  readonly from: string;
  readonly to: string;
  readonly callSid?: string;
}

/** What happens at a carrier, and with which call. */
export interface CarrierEvents {
  /** Any call has begun. */
  call: SimulatedCall;
  /** The REST API ordered a call: a telephone is about to ring. */
  outboundCall: SimulatedCall;
}

/**
 * A phone company, offline: speaks Twilio's webhooks, TwiML, Media Streams and
 * Calls API to a service that cannot tell the difference.
 */
export class CarrierSimulator {
  /** Stands in for `https://api.twilio.com`: mount it, or see `listen`. */
  readonly restApi: RequestListener;
  #target: Target;
  readonly #carrier: Carrier;
  readonly #events: Events<CarrierEvents>;
  readonly #live = new Map<string, SimulatedCall>();
  readonly #past = new Map<string, SimulatedCall>();
  #answerAs: NonNullable<CarrierSimulatorOptions["answerAs"]>;
  #server: Server | undefined;

  constructor(options: CarrierSimulatorOptions) {
    const { accountSid, authToken, clock } = options;
    const speed = options.speed ?? 1;
    const addresses = new Addresses(options.publicUrl, options.voiceUrl);
    this.#target = options;
    this.#answerAs = options.answerAs ?? "human";
    this.#events = new Events<CarrierEvents>(clock, ["call", "outboundCall"]);
    this.#carrier = {
      accountSid,
      authToken,
      addresses,
      webhooks: new Webhooks({ authToken, addresses, clock }),
      clock,
      pacer: new Pacer(clock, FRAME_MS / speed),
      speed,
      sendSilence: options.sendSilence ?? true,
      recordHeard: options.recordHeard ?? true,
      ringMs: options.ringMs ?? 1000,
      announcer: options.announcer,
      answerPolicy: (call) =>
        typeof this.#answerAs === "function"
          ? this.#answerAs(call)
          : this.#answerAs,
      dialOutcome: (number, call) =>
        typeof options.dialAs === "function"
          ? options.dialAs(number, call)
          : (options.dialAs ?? "answered"),
      forget: (call) => this.#retire(call),
    };
    this.restApi = createRestApi({
      accountSid,
      authToken,
      order: (order) => this.#begin(order),
      find: (callSid) => this.find(callSid),
      calls: () => [...this.#past.values(), ...this.#live.values()],
    });
  }

  /** Calls that are not over. */
  get liveCalls(): readonly SimulatedCall[] {
    return [...this.#live.values()];
  }

  /** How the simulator's own telephones react from now on. */
  answerAs(policy: AnswerPolicy | ((call: SimulatedCall) => AnswerPolicy)) {
    this.#answerAs = policy;
  }

  /**
   * The numbers' webhooks listen elsewhere from now on; for a service that
   * needs this simulator's address before it has one of its own.
   */
  pointAt(target: Target): void {
    this.#target = target;
    this.#carrier.addresses.moveTo(target.voiceUrl);
  }

  /** Someone dials `to`: the voice webhook is asked, then its TwiML is run. */
  placeCall({ from, to, callSid }: PlaceCallOptions): SimulatedCall {
    const { voiceUrl, statusUrl } = this.#target;
    const { addresses } = this.#carrier;
    return this.#begin({
      callSid: callSid ?? newSid("CA"),
      from,
      to,
      application: { url: addresses.toPublic(voiceUrl), method: "POST" },
      status:
        statusUrl === undefined
          ? undefined
          : {
              target: { url: addresses.toPublic(statusUrl), method: "POST" },
              events: ["completed"],
            },
      outbound: undefined,
    });
  }

  /** A call that is live, or was lately. */
  find(callSid: string): SimulatedCall | undefined {
    return this.#live.get(callSid) ?? this.#past.get(callSid);
  }

  /** Calls `listener` each time; the answer takes it off again. */
  on<E extends keyof CarrierEvents>(
    event: E,
    listener: (call: CarrierEvents[E]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /** The first such call that `matches`, past ones included. */
  waitFor<E extends keyof CarrierEvents>(
    event: E,
    matches?: (call: CarrierEvents[E]) => boolean,
    options?: WaitOptions,
  ): Promise<CarrierEvents[E]> {
    return this.#events.waitFor(event, matches, options);
  }

  /** Serves the REST API on a loopback port; the answer is its address. */
  async listen(port = 0): Promise<string> {
    const server = createServer(this.restApi).listen(port, "127.0.0.1");
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
    });
    return `http://127.0.0.1:${portOf(server.address())}`;
  }

  /** Ends every call and lets go of every socket and timer. */
  async close(): Promise<void> {
    const calls = this.liveCalls;
    for (const call of calls) call.finish("simulator-closed");
    await Promise.all(calls.map((call) => call.reported));
    for (const call of calls) call.cutStream();
    this.#events.finish("the simulator was closed");
    const server = this.#server;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  #begin(order: CallOrder): SimulatedCall {
    const call = new SimulatedCall(this.#carrier, order);
    this.#live.set(call.callSid, call);
    this.#events.emit("call", call);
    if (call.direction === "outbound-api") {
      this.#events.emit("outboundCall", call);
    }
    call.start();
    return call;
  }

  #retire(call: SimulatedCall): void {
    this.#live.delete(call.callSid);
    this.#past.set(call.callSid, call);
    if (this.#past.size <= MAX_PAST_CALLS) return;
    const oldest = this.#past.keys().next();
    if (!oldest.done) this.#past.delete(oldest.value);
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") {
    throw new Error("The REST API does not listen on a port.");
  }
  return address.port;
}
