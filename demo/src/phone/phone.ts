import type {
  CallEnd,
  CarrierSimulator,
  SimulatedCall,
} from "@easymo/carrier-simulator";
import { mulawDurationMs } from "@easymo/telephone-audio";
import type {
  AudioSource,
  PhoneNotice,
  PhoneRequest,
} from "../../console/src/wire.js";
import type { SyntheticCaller, Utterance } from "./synthetic-caller.js";

const AGENT: AudioSource = 0;
const CALLER: AudioSource = 1;

/** A microphone that runs ahead of the line loses sound, not time. */
const MAX_MICROPHONE_LAG_BYTES = 4000;

/** The page's end of one telephone. */
export interface Handset {
  notify(notice: PhoneNotice): void;
  play(source: AudioSource, mulaw: Buffer): void;
  /** The call is over: nothing more will come. */
  release(): void;
}

/** One telephone, on which one call is made or taken. */
export class Phone {
  readonly #carrier: CarrierSimulator;
  readonly #caller: SyntheticCaller;
  readonly #handset: Handset;
  #call: SimulatedCall | undefined;
  #speaking: Promise<void> = Promise.resolve();

  constructor(options: {
    carrier: CarrierSimulator;
    caller: SyntheticCaller;
    handset: Handset;
  }) {
    this.#carrier = options.carrier;
    this.#caller = options.caller;
    this.#handset = options.handset;
  }

  /** Does what the page asks. */
  handle(request: PhoneRequest): void {
    switch (request.type) {
      case "dial":
        this.#dial(request.from, request.to);
        break;
      case "answer":
        this.#pickUp(request.callId)?.answer();
        break;
      case "decline":
        this.#pickUp(request.callId)?.hangUp();
        break;
      case "say":
        this.#speak(() => this.#caller.utter(request.text, request.language));
        break;
      case "interrupt":
        this.#call?.hush();
        this.#speak(() => this.#caller.interruption(request.language));
        break;
      case "press":
        this.#call?.press(request.digit);
        break;
      case "hangup":
        this.#call?.hangUp();
        break;
    }
  }

  /** Sound of the page's microphone. */
  hear(mulaw: Buffer): void {
    const call = this.#call;
    if (call === undefined) return;
    if (call.unsaidBytes > MAX_MICROPHONE_LAG_BYTES) return;
    void call.speak(mulaw);
  }

  /** The page has gone. */
  abandon(): void {
    this.#call?.hangUp();
  }

  #dial(from: string, to: string): void {
    if (this.#call !== undefined) {
      this.#problem("This telephone is in a call already.");
      return;
    }
    this.#attach(this.#carrier.placeCall({ from, to }));
  }

  #pickUp(callId: string): SimulatedCall | undefined {
    const call = this.#carrier.find(callId);
    if (call === undefined || call.ending !== undefined) {
      this.#problem("That telephone no longer rings.");
      this.#handset.release();
      return undefined;
    }
    this.#attach(call);
    return call;
  }

  #attach(call: SimulatedCall): void {
    this.#call = call;
    const { callSid: callId, from, to } = call;
    const notify = (notice: PhoneNotice) => this.#handset.notify(notice);
    notify({ type: "call", callId, from, to });
    call.on("state", (state) => notify({ type: "state", state }));
    call.on("streamStarted", () => notify({ type: "connected" }));
    call.on("played", ({ audio }) => this.#handset.play(AGENT, audio));
    call.on("clear", () => notify({ type: "clear" }));
    call.on("say", ({ text }) => notify({ type: "announcement", text }));
    call.on("dial", ({ numbers }) =>
      notify({ type: "transfer", to: numbers.join(", ") }),
    );
    call.on("problem", ({ message }) => this.#problem(message));
    call.on("ended", (end) => this.#ended(end));
  }

  /** One utterance after the other, in the order in which they were typed. */
  #speak(make: () => Promise<Utterance>): void {
    const call = this.#call;
    if (call === undefined || call.ending !== undefined) return;
    this.#speaking = this.#speaking
      .then(make)
      .then(({ text, audio }) => {
        if (call.ending !== undefined) return;
        const durationMs = mulawDurationMs(audio.length);
        this.#handset.notify({ type: "speaking", text, durationMs });
        this.#handset.play(CALLER, audio);
        void call.speak(audio);
      })
      .catch(() => this.#problem("The voice could not be made."));
  }

  #ended({ reason }: CallEnd): void {
    this.#handset.notify({ type: "ended", reason });
    this.#handset.release();
  }

  #problem(message: string): void {
    this.#handset.notify({ type: "problem", message });
  }
}
