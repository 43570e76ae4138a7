import { FRAME_BYTES, FRAME_MS, MULAW_SILENCE } from "@easymo/telephone-audio";
import { WebSocket } from "ws";
import type { Paced, Pacer } from "./pacer.js";
import { Playback } from "./playback.js";
import { CarrierProblem, problemCodes } from "./problem.js";
import type { SpeechQueue } from "./speech-queue.js";
import { ServerMessageReader } from "./stream-messages.js";

/** Twilio drops audio for a server that does not read. */
const MAX_UNSENT_BYTES = 256 * 1024;

const SILENT_PAYLOAD = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE).toString(
  "base64",
);

/** How a stream came to its end. */
export interface StreamStopped {
  readonly streamSid: string;
  readonly by: "server" | "carrier";
  /** The WebSocket's close code. */
  readonly code: number;
}

/** What the call wants to know of its stream. */
export interface StreamListener {
  received(audio: Buffer): void;
  played(audio: Buffer): void;
  idle(): void;
  markReached(name: string): void;
  cleared(discardedBytes: number): void;
  problem(problem: CarrierProblem): void;
  stopped(stopped: StreamStopped): void;
}

export interface MediaStreamOptions {
  readonly accountSid: string;
  readonly callSid: string;
  readonly streamSid: string;
  /** Where to connect. */
  readonly url: string;
  /** Headers of the upgrade: the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly speech: SpeechQueue;
  readonly sendSilence: boolean;
  readonly pacer: Pacer;
  readonly listener: StreamListener;
}

/**
 * One bidirectional Media Stream: sends what the caller says, plays what the
 * server sends.
 * (twilio.com/docs/voice/media-streams/websocket-messages)
 */
export class MediaStream implements Paced {
  readonly socket: WebSocket;
  readonly #options: MediaStreamOptions;
  readonly #reader: ServerMessageReader;
  readonly #playback = new Playback();
  readonly #mediaTail: string;
  #sequence = 0;
  #chunk = 0;
  #elapsedFrames = 0;
  #droppedFrames = 0;
  #audible = false;
  #warned = false;
  #stoppedBy: "server" | "carrier" = "server";
  #running = false;

  private constructor(options: MediaStreamOptions) {
    this.#options = options;
    this.#reader = new ServerMessageReader(options.streamSid);
    this.#mediaTail = `"},"streamSid":"${options.streamSid}"}`;
    this.socket = new WebSocket(options.url, {
      headers: options.headers,
      perMessageDeflate: false,
      handshakeTimeout: 15_000,
      skipUTF8Validation: true,
    });
  }

  /**
   * Connects and sends `connected` and `start`.
   * @throws CarrierProblem when the server does not take the upgrade
   */
  static async open(options: MediaStreamOptions): Promise<MediaStream> {
    const stream = new MediaStream(options);
    await stream.#connect();
    return stream;
  }

  get streamSid(): string {
    return this.#options.streamSid;
  }

  /** Frames that were sent, silent ones too. */
  get sentFrames(): number {
    return this.#chunk;
  }

  /** Frames that were not sent because the server does not read. */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** Audio that the server has sent and that has not been played yet. */
  get bufferedBytes(): number {
    return this.#playback.bufferedBytes;
  }

  /** The caller pressed a key. */
  press(digit: string): void {
    this.#send("dtmf", `"dtmf":{"track":"inbound_track","digit":"${digit}"}`);
  }

  /** The call has ended, or goes on elsewhere. */
  stop(): void {
    if (!this.#running) return;
    this.#stoppedBy = "carrier";
    const { accountSid, callSid } = this.#options;
    this.#send(
      "stop",
      `"stop":{"accountSid":"${accountSid}","callSid":"${callSid}"}`,
    );
    this.#halt();
    this.socket.close(1000);
  }

  /** Cuts the connection without a word, as a failing network does. */
  cut(): void {
    this.socket.terminate();
  }

  tick(): void {
    this.#elapsedFrames += 1;
    this.#sendFrame();
    this.#playFrame();
  }

  #connect(): Promise<void> {
    const { url } = this.#options;
    return new Promise((resolve, reject) => {
      this.socket.once("open", () => {
        this.#begin();
        resolve();
      });
      this.socket.once("unexpected-response", (request, response) => {
        request.destroy();
        response.resume();
        reject(
          new CarrierProblem(
            problemCodes.streamHandshakeError,
            `${url} answered the upgrade with ${response.statusCode ?? 0}.`,
          ),
        );
      });
      this.socket.on("error", (error) =>
        reject(
          new CarrierProblem(
            problemCodes.streamConnectionTimeout,
            `${url} could not be reached (${error.message}).`,
          ),
        ),
      );
    });
  }

  #begin(): void {
    this.#running = true;
    this.socket.on("message", (data: Buffer, isBinary) =>
      this.#take(data, isBinary),
    );
    this.socket.once("close", (code) => this.#closed(code));
    this.socket.send(
      '{"event":"connected","protocol":"Call","version":"1.0.0"}',
    );
    this.#sendStart();
    this.#options.pacer.add(this);
  }

  #sendStart(): void {
    const { accountSid, callSid, streamSid, parameters } = this.#options;
    const start = {
      accountSid,
      streamSid,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: parameters,
    };
    this.#send("start", `"start":${JSON.stringify(start)}`);
  }

  #send(event: string, body: string): void {
    if (!this.#running) return;
    this.#sequence += 1;
    this.socket.send(
      `{"event":"${event}","sequenceNumber":"${this.#sequence}",${body},"streamSid":"${this.streamSid}"}`,
    );
  }

  #sendFrame(): void {
    const frame = this.#options.speech.nextFrame();
    if (frame === undefined && !this.#options.sendSilence) return;
    if (this.socket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.#droppedFrames += 1;
      return;
    }
    this.#sequence += 1;
    this.#chunk += 1;
    const timestampMs = (this.#elapsedFrames - 1) * FRAME_MS;
    const payload = frame?.toString("base64") ?? SILENT_PAYLOAD;
    this.socket.send(
      `{"event":"media","sequenceNumber":"${this.#sequence}","media":{"track":"inbound","chunk":"${this.#chunk}","timestamp":"${timestampMs}","payload":"${payload}${this.#mediaTail}`,
    );
  }

  #playFrame(): void {
    if (!this.#audible) return;
    const { audio, marks } = this.#playback.play();
    if (audio.length > 0) this.#options.listener.played(audio);
    for (const name of marks) this.#echo(name);
    if (this.#playback.bufferedBytes > 0) return;
    this.#audible = false;
    this.#options.listener.idle();
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (!this.#running) return;
    const message = isBinary
      ? "it is a binary message"
      : this.#reader.read(data.toString("utf8"));
    if (typeof message === "string") {
      this.#warn(message);
      return;
    }
    switch (message.event) {
      case "media":
        if (message.audio.length === 0) return;
        this.#playback.enqueue(message.audio);
        this.#audible = true;
        this.#options.listener.received(message.audio);
        break;
      case "mark":
        if (this.#playback.mark(message.name)) this.#echo(message.name);
        break;
      case "clear":
        this.#clear();
        break;
    }
  }

  #clear(): void {
    const { discardedBytes, marks } = this.#playback.clear();
    for (const name of marks) this.#echo(name);
    this.#options.listener.cleared(discardedBytes);
    if (!this.#audible) return;
    this.#audible = false;
    this.#options.listener.idle();
  }

  #echo(name: string): void {
    this.#send("mark", `"mark":${JSON.stringify({ name })}`);
    this.#options.listener.markReached(name);
  }

  /** "Twilio sends warning 31951 once per Stream". */
  #warn(what: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.listener.problem(
      new CarrierProblem(
        problemCodes.streamInvalidMessage,
        `The stream's server sent a message that is not understood: ${what}.`,
      ),
    );
  }

  #halt(): void {
    this.#running = false;
    this.#options.pacer.remove(this);
  }

  #closed(code: number): void {
    this.#halt();
    this.#options.listener.stopped({
      streamSid: this.streamSid,
      by: this.#stoppedBy,
      code,
    });
  }
}
