import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { z } from "zod";

/** An event that the bridge sent, as a model sees it. */
export interface ClientEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

const clientEvent = z.looseObject({ type: z.string() });

export interface FakeModelOptions {
  /** Answers `session.update` by itself; true unless told. */
  readonly configures?: boolean;
  /** HTTP status with which the upgrade is refused. */
  readonly refusesWith?: number;
}

/**
 * A model by script: a real WebSocket server that keeps all it is told, and
 * says what the test wants it to say.
 */
export class FakeModel {
  readonly sessions: FakeModelSession[] = [];
  readonly requests: IncomingMessage[] = [];
  options: FakeModelOptions;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #arrivals: (() => void)[] = [];

  private constructor(options: FakeModelOptions) {
    this.options = options;
    this.#server = createServer();
    this.#server.on("upgrade", (request, socket, head) => {
      this.requests.push(request);
      // Who hangs up on a refusal resets the connection.
      socket.on("error", () => socket.destroy());
      const { refusesWith } = this.options;
      if (refusesWith !== undefined) {
        socket.end(`HTTP/1.1 ${refusesWith} No\r\nconnection: close\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        this.sessions.push(
          new FakeModelSession(ws, this.options.configures ?? true),
        );
        for (const wake of this.#arrivals.splice(0)) wake();
      });
    });
  }

  static async start(options: FakeModelOptions = {}): Promise<FakeModel> {
    const model = new FakeModel(options);
    await new Promise<void>((resolve) =>
      model.#server.listen(0, "127.0.0.1", resolve),
    );
    return model;
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("not listening");
    return `ws://127.0.0.1:${address.port}/v1/realtime`;
  }

  /** The n-th session, from 0, when it is there. */
  async session(index = 0): Promise<FakeModelSession> {
    for (;;) {
      const session = this.sessions[index];
      if (session !== undefined) return session;
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.socket.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class FakeModelSession {
  readonly socket: WebSocket;
  readonly received: ClientEvent[] = [];
  #arrivals: (() => void)[] = [];
  #items = 0;

  constructor(socket: WebSocket, configures: boolean) {
    this.socket = socket;
    socket.on("message", (data) => {
      const text = Buffer.isBuffer(data) ? data.toString() : "";
      const event = clientEvent.parse(JSON.parse(text));
      this.received.push(event);
      if (event.type === "session.update" && configures)
        this.send({ type: "session.updated", session: event.session });
      for (const wake of this.#arrivals.splice(0)) wake();
    });
    this.send({ type: "session.created", session: {} });
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  of(type: string): ClientEvent[] {
    return this.received.filter((event) => event.type === type);
  }

  /** The n-th event of that type, from 0, when it has come. */
  async next(type: string, index = 0): Promise<ClientEvent> {
    for (;;) {
      const event = this.of(type)[index];
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  /** The caller's audio as it arrived, put together. */
  get heard(): Buffer {
    return Buffer.concat(
      this.of("input_audio_buffer.append").map((event) =>
        Buffer.from(String(event.audio), "base64"),
      ),
    );
  }

  /** Begins a response with one spoken item. */
  begin(responseId: string, request?: ClientEvent): string {
    const itemId = `item_${responseId}_${++this.#items}`;
    const response = z
      .looseObject({ metadata: z.unknown() })
      .safeParse(request?.response);
    this.send({
      type: "response.created",
      response: {
        id: responseId,
        status: "in_progress",
        metadata: response.data?.metadata ?? null,
      },
    });
    this.send({
      type: "response.output_item.added",
      response_id: responseId,
      item: { id: itemId, type: "message" },
    });
    return itemId;
  }

  audio(responseId: string, itemId: string, audio: Buffer): void {
    this.send({
      type: "response.output_audio.delta",
      event_id: "event_1",
      response_id: responseId,
      item_id: itemId,
      output_index: 0,
      content_index: 0,
      delta: audio.toString("base64"),
    });
  }

  finish(responseId: string, itemId: string, transcript: string): void {
    this.send({
      type: "response.output_audio_transcript.done",
      item_id: itemId,
      transcript,
    });
    this.send({ type: "response.output_audio.done", item_id: itemId });
    this.done(responseId);
  }

  done(responseId: string, status = "completed"): void {
    this.send({
      type: "response.done",
      response: {
        id: responseId,
        status,
        output: [],
        usage: {
          input_token_details: { text_tokens: 10, audio_tokens: 20 },
          output_token_details: { text_tokens: 3, audio_tokens: 7 },
        },
      },
    });
  }

  /** Says it whole: `text` with its audio, or so many milliseconds of some. */
  answer(
    responseId: string,
    text: string,
    audio: Buffer | number,
    request?: ClientEvent,
  ): string {
    const itemId = this.begin(responseId, request);
    this.audio(
      responseId,
      itemId,
      typeof audio === "number" ? Buffer.alloc(audio * 8, 0x55) : audio,
    );
    this.finish(responseId, itemId, text);
    return itemId;
  }

  callTool(
    responseId: string,
    callId: string,
    name: string,
    args: object,
  ): void {
    this.send({
      type: "response.created",
      response: { id: responseId, status: "in_progress", metadata: null },
    });
    this.send({
      type: "response.function_call_arguments.done",
      response_id: responseId,
      item_id: `fc_${callId}`,
      call_id: callId,
      name,
      arguments: JSON.stringify(args),
    });
    this.done(responseId);
  }

  understood(text: string): void {
    this.send({ type: "input_audio_buffer.speech_started", item_id: "u" });
    this.send({ type: "input_audio_buffer.speech_stopped", item_id: "u" });
    this.send({
      type: "conversation.item.input_audio_transcription.completed",
      item_id: "u",
      transcript: text,
    });
  }
}
