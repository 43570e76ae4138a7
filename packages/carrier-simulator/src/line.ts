import { FRAME_BYTES } from "@easymo/telephone-audio";
import type {
  CallEvents,
  DialOutcome,
  EndReason,
  SaidText,
} from "./call-types.js";
import { absolute, type ScriptLine } from "./call-script.js";
import type { Carrier } from "./carrier.js";
import type { Events } from "./events.js";
import {
  MediaStream,
  type StreamListener,
  type StreamStopped,
} from "./media-stream.js";
import { CarrierProblem } from "./problem.js";
import { newSid } from "./sids.js";
import { signRequest } from "./signature.js";
import { SpeechQueue } from "./speech-queue.js";
import type { Callback, Instruction, StreamSpec } from "./twiml.js";
import type { Parameters } from "./webhooks.js";

/** How long `<Say>` takes when no announcer speaks it: about 15 letters a second. */
const SAY_MS_PER_LETTER = 65;

/** What a line needs of the call that it belongs to. */
export interface LineHost {
  readonly callSid: string;
  readonly events: Events<CallEvents>;
  parameters(): Parameters;
  answer(): void;
  end(reason: EndReason): void;
  dialOutcome(number: string): DialOutcome;
  hear(audio: Buffer): void;
  send(target: Callback, parameters: Parameters): void;
}

/** What TwiML's verbs do to a call. One script has it at a time. */
export class Line implements ScriptLine {
  readonly speech = new SpeechQueue();
  readonly #carrier: Carrier;
  readonly #host: LineHost;
  #abort = new AbortController();
  #stream: MediaStream | undefined;
  #endDial: (() => void) | undefined;

  constructor(carrier: Carrier, host: LineHost) {
    this.#carrier = carrier;
    this.#host = host;
  }

  /** The stream that is up, or was last. */
  get stream(): MediaStream | undefined {
    return this.#stream;
  }

  /** Aborted when the running script loses the line. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Takes the line from the script that has it. */
  interrupt(): void {
    const interrupted = this.#abort;
    this.#abort = new AbortController();
    interrupted.abort();
    this.#stream?.stop();
  }

  /** The one who was dialled hangs up. */
  endDial(): void {
    this.#endDial?.();
  }

  answer(): void {
    this.#host.answer();
  }

  end(reason: EndReason): void {
    this.#host.end(reason);
  }

  reject(reason: "rejected" | "busy"): void {
    this.#host.end(reason);
  }

  problem(problem: CarrierProblem): void {
    this.#host.events.emit("problem", problem);
  }

  fetch(target: Callback, extra: Parameters): Promise<string> {
    const parameters = { ...this.#host.parameters(), ...extra };
    return this.#carrier.webhooks.fetchTwiml(target, parameters);
  }

  async connect(spec: StreamSpec, address: string): Promise<Parameters> {
    const streamSid = newSid("MZ");
    const report = this.#streamReporter(spec, streamSid, address);
    const signal = this.signal;
    const stopped = Promise.withResolvers<StreamStopped>();
    try {
      const stream = await this.#open(spec, streamSid, stopped.resolve);
      if (signal.aborted) stream.stop();
      report("stream-started");
    } catch (error) {
      if (!(error instanceof CarrierProblem)) throw error;
      report("stream-error", error.message);
      // The TwiML after <Connect> goes on: it is the application's fail-over.
      this.problem(error);
      return { StreamSid: streamSid };
    }
    await stopped.promise;
    report("stream-stopped");
    return { StreamSid: streamSid };
  }

  async dial(
    dial: Extract<Instruction, { verb: "dial" }>,
  ): Promise<Parameters> {
    const { numbers, callerId } = dial;
    const dialled = { numbers, callerId };
    this.#host.events.emit("dial", dialled);
    await this.pause(this.#carrier.ringMs);
    const outcomes = numbers.map((number) => this.#host.dialOutcome(number));
    const outcome = outcomes.find((o) => o === "answered") ?? outcomes[0];
    const startedMs = this.#carrier.clock.monotonicMs();
    if (outcome === "answered") {
      await this.#talk(() => this.#host.events.emit("dialAnswered", dialled));
    }
    const durationMs = this.#carrier.clock.monotonicMs() - startedMs;
    return {
      DialCallSid: newSid("CA"),
      DialCallStatus:
        outcome === "answered" ? "completed" : (outcome ?? "failed"),
      DialCallDuration: seconds(durationMs * this.#carrier.speed),
      DialBridged: String(outcome === "answered"),
    };
  }

  async say(say: Extract<Instruction, { verb: "say" }>): Promise<void> {
    const said: SaidText = { text: say.text, language: say.language };
    const { announcer } = this.#carrier;
    for (let time = 0; time < say.times; time += 1) {
      if (this.signal.aborted) return;
      this.#host.events.emit("say", said);
      if (announcer === undefined) {
        await this.pause(say.text.length * SAY_MS_PER_LETTER);
      } else {
        await this.#announce(await announcer(say.text, say.language));
      }
    }
  }

  /** Waits so much line time, or until the line is taken away. */
  pause(lengthMs: number): Promise<void> {
    return this.#until((done) => {
      const wait = lengthMs / this.#carrier.speed;
      const timer = this.#carrier.clock.setTimeout(done, wait);
      return () => timer.cancel();
    });
  }

  #talk(begun: () => void): Promise<void> {
    return this.#until((done) => {
      this.#endDial = done;
      begun();
      return () => {
        this.#endDial = undefined;
      };
    });
  }

  #announce(audio: Buffer): Promise<void> {
    return this.#until((done) => {
      let rest = audio;
      const player = {
        tick: () => {
          const frame = rest.subarray(0, FRAME_BYTES);
          rest = rest.subarray(FRAME_BYTES);
          if (frame.length > 0) this.#host.hear(frame);
          if (rest.length === 0) done();
        },
      };
      this.#carrier.pacer.add(player);
      return () => this.#carrier.pacer.remove(player);
    });
  }

  /** Resolves when `done` is called or the line is taken away. */
  #until(begin: (done: () => void) => () => void): Promise<void> {
    const signal = this.signal;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        stop();
        resolve();
      };
      const stop = begin(done);
      signal.addEventListener("abort", done);
    });
  }

  async #open(
    spec: StreamSpec,
    streamSid: string,
    onStopped: (stopped: StreamStopped) => void,
  ): Promise<MediaStream> {
    const { accountSid, authToken, addresses } = this.#carrier;
    const stream = await MediaStream.open({
      accountSid,
      callSid: this.#host.callSid,
      streamSid,
      url: addresses.toActual(spec.url),
      headers: { "x-twilio-signature": signRequest(authToken, spec.url) },
      parameters: spec.parameters,
      speech: this.speech,
      sendSilence: this.#carrier.sendSilence,
      pacer: this.#carrier.pacer,
      listener: this.#listener(onStopped),
    });
    this.#stream = stream;
    const { url, parameters } = spec;
    this.#host.events.emit("streamStarted", { streamSid, url, parameters });
    return stream;
  }

  #listener(onStopped: (stopped: StreamStopped) => void): StreamListener {
    const { events } = this.#host;
    return {
      received: (audio) => events.emit("received", audio),
      played: (audio) => this.#host.hear(audio),
      idle: () => events.emit("idle", undefined),
      markReached: (name) => events.emit("mark", name),
      cleared: (discardedBytes) => events.emit("clear", { discardedBytes }),
      problem: (problem) => events.emit("problem", problem),
      stopped: (stopped) => {
        onStopped(stopped);
        events.emit("streamStopped", stopped);
      },
    };
  }

  #streamReporter(spec: StreamSpec, streamSid: string, address: string) {
    const target = spec.statusCallback;
    return (event: string, error?: string): void => {
      if (target === undefined) return;
      this.#host.send(absolute(target, address), {
        AccountSid: this.#carrier.accountSid,
        CallSid: this.#host.callSid,
        StreamSid: streamSid,
        StreamName: spec.name ?? streamSid,
        StreamEvent: event,
        Timestamp: new Date(this.#carrier.clock.now()).toISOString(),
        ...(error === undefined ? {} : { StreamError: error }),
      });
    };
  }
}

/** Whole seconds, as Twilio reports durations. */
export function seconds(durationMs: number): string {
  return String(Math.round(durationMs / 1000));
}
