import type { WebSocket } from "ws";
import type {
  CallEnd,
  CallEvents,
  CallStatus,
  Direction,
  EndReason,
} from "./call-types.js";
import { callParameters } from "./call-parameters.js";
import { type Document, runScript } from "./call-script.js";
import type { Application, CallOrder, Carrier } from "./carrier.js";
import { Earpiece } from "./earpiece.js";
import { Events, type WaitOptions } from "./events.js";
import { Line, seconds } from "./line.js";
import { LineTimers } from "./line-timers.js";
import { ringOut } from "./ring-out.js";
import { statusAfter } from "./ending.js";
import { StatusReports } from "./status-reports.js";
import type { Parameters } from "./webhooks.js";

const REMEMBERED = [
  "state",
  "streamStarted",
  "streamStopped",
  "clear",
  "say",
  "dial",
  "dialAnswered",
  "problem",
  "ended",
] as const;

/** One call, seen from the telephone of the person outside. */
export class SimulatedCall {
  readonly callSid: string;
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  readonly createdAtMs: number;
  readonly #carrier: Carrier;
  readonly #order: CallOrder;
  readonly #events: Events<CallEvents>;
  readonly #line: Line;
  readonly #reports: StatusReports;
  readonly #earpiece: Earpiece;
  readonly #timers: LineTimers;
  #state: CallStatus = "queued";
  #answeredBy: string | undefined;
  #answeredAtMs: number | undefined;
  #end: CallEnd | undefined;
  #pickUp: (() => void) | undefined;

  constructor(carrier: Carrier, order: CallOrder) {
    this.#carrier = carrier;
    this.#order = order;
    this.callSid = order.callSid;
    this.from = order.from;
    this.to = order.to;
    this.direction = order.outbound === undefined ? "inbound" : "outbound-api";
    this.createdAtMs = carrier.clock.now();
    this.#earpiece = new Earpiece(carrier.recordHeard);
    this.#timers = new LineTimers(carrier.clock, carrier.speed);
    this.#events = new Events<CallEvents>(carrier.clock, REMEMBERED);
    this.#reports = new StatusReports({
      webhooks: carrier.webhooks,
      clock: carrier.clock,
      subscription: order.status,
      onProblem: (problem) => this.#events.emit("problem", problem),
    });
    this.#line = new Line(carrier, {
      callSid: order.callSid,
      events: this.#events,
      parameters: () => this.#parameters(),
      answer: () => this.#answered(),
      end: (reason) => this.finish(reason),
      dialOutcome: (number) => carrier.dialOutcome(number, this),
      hear: (audio) => this.#hear(audio),
      send: (target, parameters) => this.#reports.send(target, parameters),
    });
  }

  /** Twilio's status of the call. */
  get state(): CallStatus {
    return this.#state;
  }

  /** The Media Stream that is up, or was last. */
  get streamSid(): string | undefined {
    return this.#line.stream?.streamSid;
  }

  /** How the call ended, once it has. */
  get ending(): CallEnd | undefined {
    return this.#end;
  }

  /** What answering-machine detection found. */
  get answeredBy(): string | undefined {
    return this.#answeredBy;
  }

  /** From the answer until now or the end, on the line's own clock. */
  get durationMs(): number {
    if (this.#end !== undefined) return this.#end.durationMs;
    if (this.#answeredAtMs === undefined) return 0;
    const nowMs = this.#carrier.clock.monotonicMs();
    return (nowMs - this.#answeredAtMs) * this.#carrier.speed;
  }

  /** The media socket itself, for input that no carrier would send. */
  get raw(): WebSocket | undefined {
    return this.#line.stream?.socket;
  }

  /** Frames of audio that were sent on the present stream, silent ones too. */
  get sentFrames(): number {
    return this.#line.stream?.sentFrames ?? 0;
  }

  /** Frames that were not sent because the server does not read. */
  get droppedFrames(): number {
    return this.#line.stream?.droppedFrames ?? 0;
  }

  /** Audio that was sent to the caller and has not been heard yet. */
  get bufferedBytes(): number {
    return this.#line.stream?.bufferedBytes ?? 0;
  }

  /** Calls `listener` each time; the answer takes it off again. */
  on<E extends keyof CallEvents>(
    event: E,
    listener: (payload: CallEvents[E]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * The first event that `matches`. Past ones count, but for what comes many
   * times a second: `received`, `played`, `idle` and `mark`. Rejects when it
   * does not come in time, or when the call is over first.
   */
  waitFor<E extends keyof CallEvents>(
    event: E,
    matches?: (payload: CallEvents[E]) => boolean,
    options?: WaitOptions,
  ): Promise<CallEvents[E]> {
    return this.#events.waitFor(event, matches, options);
  }

  /** Every remembered event of that name so far. */
  past<E extends (typeof REMEMBERED)[number]>(
    event: E,
  ): readonly CallEvents[E][] {
    return this.#events.past(event);
  }

  /**
   * Says this into the telephone, after what is being said. Resolves when its
   * last frame has been sent, when it was hushed, or when the call is over.
   */
  speak(mulaw: Buffer): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve();
    return this.#line.speech.say(mulaw);
  }

  /** What is queued by `speak` and has not been said yet. */
  get unsaidBytes(): number {
    return this.#line.speech.bytes;
  }

  /** Stops in the middle of what is being said. */
  hush(): void {
    this.#line.speech.drop();
  }

  /** Presses a key: one of `0123456789*#ABCD`. */
  press(digit: string): void {
    if (!/^[0-9*#A-D]$/.test(digit)) {
      throw new RangeError(`"${digit}" is not a key of a telephone.`);
    }
    this.#line.stream?.press(digit);
  }

  /** Picks up a telephone that rings (policy `ring`). */
  answer(): void {
    const pickUp = this.#pickUp;
    this.#pickUp = undefined;
    if (this.#end === undefined) pickUp?.();
  }

  /** Hangs up; a telephone that still rings is declined. */
  hangUp(): void {
    if (this.#state === "in-progress") this.finish("caller-hangup");
    else if (this.direction === "inbound") this.finish("canceled");
    else this.finish("busy");
  }

  /** The one who was dialled by `<Dial>` hangs up. */
  endDial(): void {
    this.#line.endDial();
  }

  /** Breaks the media connection without a word, as a failing network does. */
  cutStream(): void {
    this.#line.stream?.cut();
  }

  /** What was played to the caller so far; empty when it is not recorded. */
  heard(): Buffer {
    return this.#earpiece.heard();
  }

  /** How much was played to the caller so far. */
  get heardBytes(): number {
    return this.#earpiece.heardBytes;
  }

  /** Resolves when what was to be told about the call has been told. */
  get reported(): Promise<void> {
    return this.#reports.delivered;
  }

  /** Begins: rings, then runs the application's TwiML. */
  start(): void {
    if (this.#order.outbound === undefined) {
      this.#become("ringing");
      this.run(this.#order.application);
      return;
    }
    ringOut({
      outbound: this.#order.outbound,
      ringMs: this.#carrier.ringMs,
      policy: () => this.#carrier.answerPolicy(this),
      after: (lineMs, then) => this.#timers.after(lineMs, then),
      become: (status) => this.#become(status),
      onPickUp: (pickUp) => (this.#pickUp = pickUp),
      connect: () => this.#answered(),
      runApplication: () => this.run(this.#order.application),
      detected: (answeredBy) => (this.#answeredBy = answeredBy),
      reportDetection: (url, detection) =>
        this.#reports.send(
          { url, method: "POST" },
          {
            AccountSid: this.#carrier.accountSid,
            CallSid: this.callSid,
            ...detection,
          },
        ),
      giveUp: (reason) => this.finish(reason),
    });
  }

  /** Runs an application's TwiML in place of what is running. */
  run(application: Application): void {
    this.#line.interrupt();
    const first = () => this.#document(application);
    void runScript(this.#line, first, this.#line.signal);
  }

  /** Ends the call for that reason, if it has not ended. */
  finish(reason: EndReason): void {
    if (this.#end !== undefined) return;
    const status = statusAfter(reason, this.#answeredAtMs !== undefined);
    this.#end = { reason, status, durationMs: this.durationMs };
    this.#timers.cancel();
    this.#line.interrupt();
    this.#line.speech.drop();
    this.#become(status);
    this.#events.emit("ended", this.#end);
    this.#events.finish(`the call has ended (${reason})`);
    this.#carrier.forget(this);
  }

  #become(status: CallStatus): void {
    if (this.#state === status) return;
    this.#state = status;
    this.#events.emit("state", status);
    this.#reports.report(status, {
      ...this.#parameters(),
      ...(this.#end === undefined
        ? {}
        : { CallDuration: seconds(this.#end.durationMs) }),
    });
  }

  #answered(): void {
    if (this.#answeredAtMs !== undefined || this.#end !== undefined) return;
    this.#answeredAtMs = this.#carrier.clock.monotonicMs();
    this.#become("in-progress");
  }

  async #document(application: Application): Promise<Document> {
    if ("twiml" in application) {
      return { xml: application.twiml, address: "about:blank" };
    }
    const xml = await this.#line.fetch(application, {});
    return { xml, address: application.url };
  }

  #hear(audio: Buffer): void {
    const positionBytes = this.#earpiece.hear(audio);
    this.#events.emit("played", { audio, positionBytes });
  }

  #parameters(): Parameters {
    return callParameters(this.#carrier.accountSid, this, this.#answeredBy);
  }
}
