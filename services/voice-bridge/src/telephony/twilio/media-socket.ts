import type { Duplex } from "node:stream";
import {
  saneRequestId,
  withRequestContext,
  type Clock,
  type Logger,
  type Timer,
} from "@easymo/service-kit";
import type WebSocket from "ws";
import { emptyAudioSlice, type AudioSlice } from "../../media/audio-slice.js";
import { endOfBase64 } from "../../media/base64.js";
import type { ConnectionReads } from "../../media/connection-reads.js";
import { openFrameLane } from "../../media/frame-lane.js";
import { FrameWriter, type FrameArena } from "../../media/frame-writer.js";
import type { MediaLeg, MediaLegListener } from "../media-leg.js";
import { scanMarkMessage, scanMediaMessage } from "./media-message.js";
import {
  readStreamMessage,
  type StreamMessage,
  type StreamStart,
} from "./stream-messages.js";

/** RFC 6455 §7.4.1. */
const CLOSE_CODES = {
  normal: 1000,
  unsupportedData: 1003,
  policyViolation: 1008,
} as const;

export interface MediaSocketOptions {
  readonly socket: WebSocket;
  /** The connection under the WebSocket. */
  readonly connection: Duplex;
  readonly reads: ConnectionReads;
  readonly arena: FrameArena;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the upgrade; the call's own when its webhook gave none. */
  readonly requestId: string;
  readonly startTimeoutMs: number;
  /** Who takes the call; or why nobody does. */
  admit(
    start: StreamStart,
    requestId: string,
    leg: MediaLeg,
  ): { listener: MediaLegListener } | { refusal: string };
}

const SUFFIX = Buffer.from('"}}');
/** A peer that does not answer our close is cut off. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Twilio's end of a call: one Media Streams socket. */
export class TwilioMediaSocket implements MediaLeg {
  readonly #options: MediaSocketOptions;
  readonly #socket: WebSocket;
  readonly #writer: FrameWriter;
  readonly #slice = emptyAudioSlice();
  readonly #startTimer: Timer;
  #streamId = "";
  #mediaPrefix = Buffer.alloc(0);
  #markPrefix = "";
  #clearMessage = "";
  #listener: MediaLegListener | undefined;
  #over = false;
  #oddities = 0;

  constructor(options: MediaSocketOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#writer = new FrameWriter(options.connection, options.arena, false);
    this.#startTimer = options.clock.setTimeout(
      () => this.refuse("no start message in time"),
      options.startTimeoutMs,
    );
    this.#socket.on("message", (data, isBinary) => {
      if (isBinary)
        this.#close(CLOSE_CODES.unsupportedData, "text messages only");
      else if (Buffer.isBuffer(data)) this.#message(data, 0, data.length);
    });
    openFrameLane(
      options.socket,
      options.connection,
      true,
      (data, start, end) => this.#message(data, start, end),
      options.reads,
    );
    this.#socket.on("error", (error) => {
      options.logger.warn({ err: error }, "media socket failed");
    });
    this.#socket.on("close", () => this.#ended("socket_closed"));
  }

  get streamId(): string {
    return this.#streamId;
  }

  play(audio: AudioSlice, markName: string): void {
    if (this.#over) return;
    this.#writer.write(
      this.#mediaPrefix,
      audio.buffer,
      audio.start,
      audio.end,
      SUFFIX,
    );
    this.#writer.writeAscii(`${this.#markPrefix}${markName}"}}`);
  }

  clear(): void {
    if (this.#over) return;
    this.#writer.writeText(this.#clearMessage);
    // An interruption does not wait for the end of the turn.
    this.#writer.flush();
  }

  close(): void {
    this.#close(CLOSE_CODES.normal, "");
  }

  refuse(reason: string): void {
    this.#options.logger.warn({ reason }, "media socket refused");
    this.#close(CLOSE_CODES.policyViolation, reason);
  }

  #message(data: Buffer, start: number, end: number): void {
    if (this.#over) return;
    const listener = this.#listener;
    if (listener !== undefined) {
      switch (scanMediaMessage(data, start, end, this.#slice)) {
        case "media":
          listener.audio(this.#slice);
          return;
        case "malformed":
          listener.malformedAudio();
          return;
        case "other":
      }
      const mark = scanMarkMessage(data, start, end);
      if (mark !== undefined) {
        listener.markReturned(mark);
        return;
      }
    }
    const read = readStreamMessage(data.toString("utf8", start, end));
    switch (read.kind) {
      case "message":
        if (listener === undefined) this.#beforeStart(read.message);
        else this.#afterStart(read.message, listener);
        return;
      case "unknown_event":
        this.#odd(`unknown event ${read.event.slice(0, 40)}`);
        return;
      case "malformed":
        if (listener === undefined) this.refuse("not a Media Streams message");
        else this.#odd("malformed message");
    }
  }

  #beforeStart(message: StreamMessage): void {
    if (message.event === "connected") return;
    if (message.event === "start") this.#start(message);
    else this.refuse(`${message.event} before start`);
  }

  #start(start: StreamStart): void {
    this.#startTimer.cancel();
    this.#streamId = start.streamSid;
    const sid = JSON.stringify(start.streamSid);
    this.#mediaPrefix = Buffer.from(
      `{"event":"media","streamSid":${sid},"media":{"payload":"`,
    );
    this.#markPrefix = `{"event":"mark","streamSid":${sid},"mark":{"name":"`;
    this.#clearMessage = `{"event":"clear","streamSid":${sid}}`;
    const format = start.start.mediaFormat;
    if (
      format !== undefined &&
      (format.encoding !== "audio/x-mulaw" || format.sampleRate !== 8000)
    ) {
      this.refuse("only audio/x-mulaw at 8000 Hz");
      return;
    }
    const requestId = saneRequestId(
      start.start.customParameters.requestId ?? this.#options.requestId,
    );
    withRequestContext({ requestId }, () => {
      const admission = this.#options.admit(start, requestId, this);
      if ("refusal" in admission) this.refuse(admission.refusal);
      else this.#listener = admission.listener;
    });
  }

  #afterStart(message: StreamMessage, listener: MediaLegListener): void {
    switch (message.event) {
      case "media":
        this.#parsedMedia(message.media.payload, listener);
        return;
      case "mark":
        listener.markReturned(message.mark.name);
        return;
      case "dtmf":
        listener.digit(message.dtmf.digit);
        return;
      case "stop":
        this.#ended("stop");
        this.#close(CLOSE_CODES.normal, "");
        return;
      case "start":
        this.#odd("a second start");
        return;
      case "connected":
    }
  }

  /** Audio in another form than Twilio's own writing. */
  #parsedMedia(payload: string, listener: MediaLegListener): void {
    const buffer = Buffer.from(payload, "latin1");
    if (endOfBase64(buffer, 0) !== buffer.length) {
      listener.malformedAudio();
      return;
    }
    const slice = this.#slice;
    slice.buffer = buffer;
    slice.start = 0;
    slice.end = buffer.length;
    listener.audio(slice);
  }

  /** Nothing that harms the call; said once, then counted. */
  #odd(what: string): void {
    this.#oddities += 1;
    if (this.#oddities === 1)
      this.#options.logger.warn(
        { what },
        "message on the media socket ignored",
      );
  }

  #close(code: number, reason: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#over = true;
    this.#startTimer.cancel();
    this.#writer.flush();
    this.#socket.close(code, reason);
    const cutOff = this.#options.clock.setTimeout(
      () => this.#socket.terminate(),
      CLOSE_TIMEOUT_MS,
    );
    this.#socket.once("close", () => cutOff.cancel());
  }

  #ended(detail: "stop" | "socket_closed"): void {
    this.#over = true;
    this.#startTimer.cancel();
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.ended(detail);
  }
}
