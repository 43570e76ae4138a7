import { type Clock, Problem } from "@easymo/service-kit";
import { MULAW_BYTES_PER_MS, MULAW_SILENCE } from "@easymo/telephone-audio";
import type { ServerEvent } from "../protocol/server-events.js";
import type { CutPlayback, Line } from "../session/line.js";
import type { Session } from "../session/session.js";
import type { Transport } from "../session/session-options.js";
import { Playback } from "./playback.js";

/** Who ended a call, and where its caller is now. */
export type SipEnding =
  | { readonly by: "caller" | "hangup" | "session" }
  | { readonly by: "reject"; readonly status: number }
  | { readonly by: "refer"; readonly target: string };

/** What can be seen of a call from outside. */
export interface SipCallView {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly state: "ringing" | "live" | "ended";
  readonly ending: SipEnding | null;
  readonly heardMs: number;
  /** How many clients have joined so far. */
  readonly joined: number;
}

export interface SipCallOptions {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** How many seconds of line time pass in one of the clock's. */
  readonly speed: number;
  readonly clock: Clock;
}

/** After speech, the line is silent for long enough to end a turn. */
const PAUSE_MS = 1_000;
const CLOSE_NORMAL = 1000;

/** One call on the gateway: the caller's end of it, the model's session, and the clients beside it. */
export class SipCall implements Line, Transport {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  /** Resolves when the call has been accepted. */
  readonly answered: Promise<void>;
  /** Resolves with how the call ended. */
  readonly over: Promise<SipEnding>;
  readonly #clock: Clock;
  readonly #playback: Playback;
  readonly #clients = new Set<Transport>();
  readonly #heard: Buffer[] = [];
  readonly #answer: () => void;
  readonly #end: (ending: SipEnding) => void;
  #wakers: (() => void)[] = [];
  #joined = 0;
  #session: Session | undefined;
  #ending: SipEnding | undefined;

  constructor({ callId, from, to, speed, clock }: SipCallOptions) {
    this.callId = callId;
    this.from = from;
    this.to = to;
    this.#clock = clock;
    const answered = Promise.withResolvers<void>();
    this.answered = answered.promise;
    this.#answer = answered.resolve;
    const over = Promise.withResolvers<SipEnding>();
    this.over = over.promise;
    this.#end = over.resolve;
    this.#playback = new Playback(clock, speed, {
      started: (response_id) =>
        this.#tell({ type: "output_audio_buffer.started", response_id }),
      stopped: (response_id) =>
        this.#tell({ type: "output_audio_buffer.stopped", response_id }),
      heard: (mulaw) => {
        this.#heard.push(mulaw);
        for (const wake of this.#wakers.splice(0)) wake();
      },
    });
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get isRinging(): boolean {
    return this.#session === undefined && this.#ending === undefined;
  }

  get isLive(): boolean {
    return this.#session !== undefined && this.#ending === undefined;
  }

  view(): SipCallView {
    const { callId, from, to } = this;
    const heardBytes = this.#heard.reduce((sum, { length }) => sum + length, 0);
    return {
      callId,
      from,
      to,
      state: this.isRinging ? "ringing" : this.isLive ? "live" : "ended",
      ending: this.#ending ?? null,
      heardMs: Math.round(heardBytes / MULAW_BYTES_PER_MS),
      joined: this.#joined,
    };
  }

  // ---- the caller's end -----------------------------------------------------

  /** The caller says something, and waits for an answer. */
  speak(mulaw: Buffer): void {
    const pause = Buffer.alloc(PAUSE_MS * MULAW_BYTES_PER_MS, MULAW_SILENCE);
    this.#live().hear(Buffer.concat([mulaw, pause]));
  }

  press(key: string): void {
    this.#live();
    this.#tell({
      type: "input_audio_buffer.dtmf_event_received",
      event: key,
      received_at: Math.floor(this.#clock.now() / 1_000),
    });
  }

  hangUp(): void {
    this.end({ by: "caller" });
  }

  /** What the caller has heard, μ-law. */
  heard(): Buffer {
    return Buffer.concat(this.#heard);
  }

  /** Resolves when the caller has heard at least so much, or the call is over. */
  async hears(durationMs: number): Promise<void> {
    while (this.isLive && this.view().heardMs < durationMs)
      await Promise.race([
        new Promise<void>((resolve) => this.#wakers.push(resolve)),
        this.over,
      ]);
  }

  // ---- the API's end --------------------------------------------------------

  accept(session: Session): void {
    this.#session = session;
    this.#answer();
    session.open();
  }

  /** Ends the call; what comes after the first time changes nothing. */
  end(ending: SipEnding): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#playback.close();
    this.#session?.ended();
    for (const client of this.#clients)
      client.close(CLOSE_NORMAL, "The call has ended.");
    this.#end(ending);
  }

  /** A client joins the call beside its session. */
  attach(client: Transport): void {
    this.#clients.add(client);
    this.#joined += 1;
    this.#session?.describe((text) => client.send(text));
  }

  detach(client: Transport): void {
    this.#clients.delete(client);
  }

  // ---- what the session does --------------------------------------------------

  send(text: string): void {
    for (const client of this.#clients) client.send(text);
  }

  close(code: number, reason: string): void {
    for (const client of this.#clients) client.close(code, reason);
    this.end({ by: "session" });
  }

  terminate(): void {
    for (const client of this.#clients) client.terminate();
    this.end({ by: "session" });
  }

  passes(event: ServerEvent): boolean {
    switch (event.type) {
      case "response.output_audio.delta":
        this.#playback.add({
          responseId: event.response_id,
          itemId: event.item_id,
          contentIndex: event.content_index,
          mulaw: Buffer.from(event.delta, "base64"),
        });
        return false;
      case "response.done":
        this.#playback.complete(event.response.id);
        return true;
      default:
        return true;
    }
  }

  cut(): CutPlayback | undefined {
    return this.#playback.cut();
  }

  #tell(event: ServerEvent): void {
    this.#session?.tell(event);
  }

  #live(): Session {
    if (this.#session === undefined || this.#ending !== undefined)
      throw new Problem({
        status: 409,
        code: "call_not_live",
        title: "The call has not been accepted, or is over",
      });
    return this.#session;
  }
}
