import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import type { Logger, Clock, Timer } from "@easymo/service-kit";
import WebSocket from "ws";
import { emptyModelAudio } from "../../media/audio-slice.js";
import { ConnectionReads } from "../../media/connection-reads.js";
import { openFrameLane } from "../../media/frame-lane.js";
import { FrameWriter, type FrameArena } from "../../media/frame-writer.js";
import type {
  ModelCloseReason,
  ModelSession,
  ModelSessionListener,
  PastTurn,
  RealtimeModel,
  ResponseRequest,
  SessionSetup,
} from "../realtime-model.js";
import { scanAudioDelta } from "./audio-delta.js";
import { readServerMessage, REQUEST_ID_KEY } from "./server-events.js";
import { sessionConfiguration, turnItem } from "./session-configuration.js";

export interface OpenAiRealtimeOptions {
  /** Without the query, e.g. `wss://api.openai.com/v1/realtime`. */
  readonly url: string;
  /** Undefined for a server that asks for none. */
  readonly apiKey: string | undefined;
  readonly arena: FrameArena;
  readonly clock: Clock;
  readonly logger: Logger;
  /** From connecting to a configured session. */
  readonly readyTimeoutMs: number;
}

/** OpenAI's Realtime API (GA) over WebSocket. */
export function createOpenAiRealtime(
  options: OpenAiRealtimeOptions,
): RealtimeModel {
  return {
    open: (setup, listener) => new OpenAiSession(options, setup, listener),
  };
}

const APPEND_PREFIX = Buffer.from(
  '{"type":"input_audio_buffer.append","audio":"',
);
const APPEND_SUFFIX = Buffer.from('"}');
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Half a minute of audio that the network does not take. */
const MAX_BACKLOG_BYTES = 512 * 1024;
const MAX_GARBAGE_IN_A_ROW = 5;

class OpenAiSession implements ModelSession {
  readonly #options: OpenAiRealtimeOptions;
  readonly #setup: SessionSetup;
  readonly #listener: ModelSessionListener;
  readonly #socket: WebSocket;
  readonly #reads: ConnectionReads;
  readonly #audio = emptyModelAudio();
  readonly #readyTimer: Timer;
  #writer: FrameWriter | undefined;
  #ready = false;
  #over = false;
  #garbageInARow = 0;
  #lastRequestId: string | undefined;

  constructor(
    options: OpenAiRealtimeOptions,
    setup: SessionSetup,
    listener: ModelSessionListener,
  ) {
    this.#options = options;
    this.#setup = setup;
    this.#listener = listener;
    const url = new URL(options.url);
    if (setup.sideBandCallId === undefined)
      url.searchParams.set("model", setup.agent.model);
    else url.searchParams.set("call_id", setup.sideBandCallId);
    this.#reads = new ConnectionReads(options.arena.reads);
    const socketOptions = {
      headers:
        options.apiKey === undefined
          ? {}
          : { authorization: `Bearer ${options.apiKey}` },
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: MAX_MESSAGE_BYTES,
      onread: this.#reads.onread,
      finishRequest: (request: ClientRequest) => {
        request.once("socket", (connection) => this.#reads.of(connection));
        request.end();
      },
    };
    // `ws` hands its options on to Node's `connect`.
    this.#socket = new WebSocket(url, socketOptions);
    this.#readyTimer = options.clock.setTimeout(
      () => this.#fail("unreachable", "no configured session in time"),
      options.readyTimeoutMs,
    );
    this.#listen();
  }

  #listen(): void {
    const socket = this.#socket;
    let connection: Socket | undefined;
    socket.on("upgrade", (response) => {
      connection = response.socket;
      this.#writer = new FrameWriter(connection, this.#options.arena, true);
    });
    socket.on("open", () => {
      if (connection !== undefined)
        openFrameLane(
          socket,
          connection,
          false,
          (data, start, end) => this.#message(data, start, end),
          this.#reads,
        );
      this.#send({
        type: "session.update",
        session: sessionConfiguration(this.#setup),
      });
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary && Buffer.isBuffer(data))
        this.#message(data, 0, data.length);
    });
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      const status = response.statusCode ?? 0;
      this.#fail(status >= 500 ? "unreachable" : "rejected", `HTTP ${status}`);
    });
    socket.on("error", (error) => {
      this.#fail(this.#ready ? "dropped" : "unreachable", error.message);
    });
    socket.on("close", (code) => {
      this.#fail(this.#ready ? "dropped" : "unreachable", `closed ${code}`);
    });
  }

  appendAudio(buffer: Buffer, start: number, end: number): void {
    const writer = this.#writer;
    if (writer === undefined || this.#over) return;
    writer.write(APPEND_PREFIX, buffer, start, end, APPEND_SUFFIX);
    if (writer.backlogBytes > MAX_BACKLOG_BYTES)
      this.#fail("stalled", `${writer.backlogBytes} bytes not taken`);
  }

  addTurn(turn: PastTurn): void {
    this.#send({ type: "conversation.item.create", item: turnItem(turn) });
  }

  addToolResult(callId: string, output: string): void {
    this.#send({
      type: "conversation.item.create",
      item: { type: "function_call_output", call_id: callId, output },
    });
  }

  createResponse(request: ResponseRequest): void {
    this.#lastRequestId = request.requestId;
    this.#send({
      type: "response.create",
      event_id: request.requestId,
      response: {
        metadata: { [REQUEST_ID_KEY]: request.requestId },
        ...(request.instructions === undefined
          ? {}
          : { instructions: request.instructions }),
        ...(request.speechOnly === true ? { tool_choice: "none" } : {}),
      },
    });
  }

  cancelResponse(): void {
    this.#send({ type: "response.cancel" });
  }

  truncate(itemId: string, contentIndex: number, audioEndMs: number): void {
    this.#send({
      type: "conversation.item.truncate",
      item_id: itemId,
      content_index: contentIndex,
      audio_end_ms: audioEndMs,
    });
  }

  clearPlayback(): void {
    this.#send({ type: "output_audio_buffer.clear" });
  }

  stopListening(): void {
    this.#send({
      type: "session.update",
      session: { type: "realtime", audio: { input: { turn_detection: null } } },
    });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#readyTimer.cancel();
    this.#writer?.flush();
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
    else this.#socket.terminate();
  }

  #send(event: object): void {
    if (!this.#over) this.#writer?.writeText(JSON.stringify(event));
  }

  #message(data: Buffer, start: number, end: number): void {
    if (this.#over) return;
    const audio = this.#audio;
    switch (scanAudioDelta(data, start, end, audio)) {
      case "audio":
        this.#garbageInARow = 0;
        this.#listener.audio(audio);
        return;
      case "malformed":
        this.#garbage();
        return;
      case "other":
        this.#control(data.toString("utf8", start, end));
    }
  }

  #control(text: string): void {
    const message = readServerMessage(text);
    if (message.kind === "garbage") {
      this.#garbage();
      return;
    }
    this.#garbageInARow = 0;
    switch (message.kind) {
      case "session_ready":
        this.#becomeReady();
        return;
      case "audio": {
        const audio = this.#audio;
        audio.buffer = Buffer.from(message.base64, "latin1");
        audio.start = 0;
        audio.end = audio.buffer.length;
        audio.itemId = message.itemId;
        audio.responseId = message.responseId;
        this.#listener.audio(audio);
        return;
      }
      case "events":
        for (const event of message.events) this.#listener.event(event);
        return;
      case "error":
        this.#error(message.event);
        return;
      case "ignored":
    }
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#readyTimer.cancel();
    this.#listener.ready();
  }

  #error(
    event: Extract<
      Parameters<ModelSessionListener["event"]>[0],
      { type: "error" }
    >,
  ): void {
    if (event.code === "session_expired") {
      this.#fail("expired", event.message);
      return;
    }
    if (!this.#ready) {
      this.#fail("rejected", `${event.code}: ${event.message}`);
      return;
    }
    const refused = event.code === "conversation_already_has_active_response";
    this.#listener.event(
      refused && event.requestId === undefined
        ? { ...event, requestId: this.#lastRequestId }
        : event,
    );
  }

  #garbage(): void {
    this.#garbageInARow += 1;
    if (this.#garbageInARow === 1)
      this.#options.logger.warn("the model sent something that is no event");
    if (this.#garbageInARow >= MAX_GARBAGE_IN_A_ROW)
      this.#fail(
        "garbage",
        `${MAX_GARBAGE_IN_A_ROW} unreadable messages in a row`,
      );
  }

  #fail(reason: ModelCloseReason, detail: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#readyTimer.cancel();
    this.#socket.terminate();
    this.#listener.closed(reason, detail);
  }
}
