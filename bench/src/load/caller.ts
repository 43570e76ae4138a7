import type { FrameBuilder } from "./websocket-frames.js";
import { connectWire, type Wire } from "./wire.js";
import { Playback } from "./playback.js";
import type { Flow } from "./flow.js";

/** Where calls are sent to. */
export interface SubjectAddress {
  readonly port: number;
  readonly path: string;
  readonly token: string;
}

export interface CallerOptions {
  readonly index: number;
  readonly frames: FrameBuilder;
  readonly inbound: Flow;
  readonly speed: number;
  /** Whether a returned mark is written by itself, or along with the next frame. */
  readonly marks: "separate" | "with-frame";
  readonly nowUs: () => number;
  /** The agent's audio: base64 text in `message[start, end)`. */
  heard(message: Buffer, start: number, end: number, nowUs: number): void;
  cleared(nowUs: number): void;
  closed(): void;
}

const MEDIA = Buffer.from('{"event":"media"');
const PAYLOAD_KEY = Buffer.from('"payload":"');
const QUOTE = 0x22;
const FRAME_MS = 20;
/** A number of the bench's routing, see the voice-bridge subject. */
export const DIALLED = "+250780000001";

/**
 * A caller as Twilio Media Streams presents one:
 * <https://www.twilio.com/docs/voice/media-streams/websocket-messages>.
 */
export class Caller {
  readonly #options: CallerOptions;
  readonly #playback: Playback;
  readonly #streamSid: string;
  readonly #callSid: string;
  readonly #suffix: string;
  #wire: Wire | undefined;
  #sequence = 1;
  #chunk = 0;
  readonly #closed = Promise.withResolvers<undefined>();
  marksReturned = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#playback = new Playback(options.speed);
    const digits = options.index.toString(16).padStart(32, "0");
    this.#streamSid = `MZ${digits}`;
    this.#callSid = `CA${digits}`;
    this.#suffix = `"},"streamSid":"${this.#streamSid}"}`;
  }

  async open(subject: SubjectAddress): Promise<void> {
    const wire = await connectWire({
      port: subject.port,
      path: subject.path,
      headers: { Authorization: `Bearer ${subject.token}` },
      frames: this.#options.frames,
      listener: {
        message: (message, start, end) => this.#message(message, start, end),
        closed: () => {
          this.#wire = undefined;
          this.#closed.resolve(undefined);
          this.#options.closed();
        },
      },
    });
    this.#wire = wire;
    wire.send('{"event":"connected","protocol":"Call","version":"1.0.0"}');
    wire.send(this.#start());
  }

  /** 20 ms have gone by: what was heard is told, and what is said is sent. */
  tick(nowUs: number): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    for (const name of this.#playback.takeDue(nowUs / 1_000))
      this.#returnMark(wire, name);
    this.#media(wire, nowUs);
    wire.flush();
  }

  /** Hangs up, and waits until the other side has closed. */
  async hangUp(): Promise<void> {
    this.#wire?.send(
      `{"event":"stop","sequenceNumber":"${++this.#sequence}","stop":{"accountSid":"AC${"0".repeat(32)}","callSid":"${this.#callSid}"},"streamSid":"${this.#streamSid}"}`,
    );
    this.#wire?.close();
    if (this.#wire !== undefined) await this.#closed.promise;
  }

  destroy(): void {
    this.#wire?.destroy();
  }

  #media(wire: Wire, nowUs: number): void {
    const { frames, inbound, index } = this.#options;
    const chunk = ++this.#chunk;
    const prefix = `{"event":"media","sequenceNumber":"${++this.#sequence}","media":{"track":"inbound","chunk":"${chunk}","timestamp":"${chunk * FRAME_MS}","payload":"`;
    frames.begin(prefix.length + inbound.characters + this.#suffix.length);
    frames.text(prefix);
    inbound.write(wire.frames.buffer, frames.at, index, nowUs);
    frames.advance(inbound.characters);
    frames.text(this.#suffix);
    frames.finish();
  }

  #returnMark(wire: Wire, name: string): void {
    this.marksReturned += 1;
    wire.frames.frame(
      `{"event":"mark","sequenceNumber":"${++this.#sequence}","streamSid":"${this.#streamSid}","mark":{"name":"${name}"}}`,
    );
    if (this.#options.marks === "separate") wire.flush();
  }

  #message(message: Buffer, start: number, end: number): void {
    const nowUs = this.#options.nowUs();
    if (
      message.compare(MEDIA, 0, MEDIA.length, start, start + MEDIA.length) === 0
    ) {
      const from = message.indexOf(PAYLOAD_KEY, start) + PAYLOAD_KEY.length;
      const to = message.indexOf(QUOTE, from);
      this.#playback.audio(audioBytes(message, from, to), nowUs / 1_000);
      this.#options.heard(message, from, to, nowUs);
      return;
    }
    const text = message.toString("latin1", start, end);
    if (text.startsWith('{"event":"mark"')) {
      const name = /"name":"([^"]*)"/.exec(text)?.[1];
      if (name !== undefined) this.#playback.mark(name);
    } else if (text.startsWith('{"event":"clear"')) {
      this.#playback.clear(nowUs / 1_000);
      this.#options.cleared(nowUs);
    } else throw new Error(`a message that Twilio does not take: ${text}`);
  }

  #start(): string {
    return JSON.stringify({
      event: "start",
      sequenceNumber: "1",
      start: {
        accountSid: `AC${"0".repeat(32)}`,
        streamSid: this.#streamSid,
        callSid: this.#callSid,
        tracks: ["inbound"],
        mediaFormat: {
          encoding: "audio/x-mulaw",
          sampleRate: 8000,
          channels: 1,
        },
        customParameters: {
          from: `+25078${(1_000_000 + this.#options.index).toString()}`,
          to: DIALLED,
        },
      },
      streamSid: this.#streamSid,
    });
  }
}

function audioBytes(message: Buffer, start: number, end: number): number {
  let padding = 0;
  while (message[end - 1 - padding] === 0x3d) padding++;
  return ((end - start) / 4) * 3 - padding;
}
