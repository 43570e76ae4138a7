import type { Flow } from "./flow.js";
import type { Wire } from "./wire.js";

export interface ModelSessionOptions {
  readonly inbound: Flow;
  outboundOf(callIndex: number): Flow;
  readonly nowUs: () => number;
  /** The caller's first audio has told whose session this is. */
  identified(session: ModelSession, callIndex: number): void;
  truncated(session: ModelSession, audioEndMs: number): void;
}

/** How the model behaves; told of each 20 ms of call time. */
export interface ModelScript {
  tick(session: ModelSession, nowUs: number): void;
}

const APPEND = Buffer.from('{"type":"input_audio_buffer.append"');
const AUDIO_KEY = Buffer.from('"audio":"');
const DELTA_SUFFIX = '"}';
const QUOTE = 0x22;

/** A response as the session knows it while it lasts. */
interface OpenResponse {
  readonly responseId: string;
  readonly itemId: string;
  readonly metadata: unknown;
}

/**
 * One session of OpenAI's Realtime API (GA), as far as a call needs it:
 * <https://platform.openai.com/docs/api-reference/realtime-server-events>.
 * What it says, and when, is its script's business.
 */
export class ModelSession {
  readonly #wire: Wire;
  readonly #options: ModelSessionOptions;
  readonly #serial: number;
  #callIndex = -1;
  #events = 0;
  #items = 0;
  #response: OpenResponse | undefined;
  #asked: { metadata: unknown } | undefined;
  /** Whether the other side configures its session, as a bridge does and a bare relay does not. */
  isConfigured = false;

  constructor(wire: Wire, serial: number, options: ModelSessionOptions) {
    this.#wire = wire;
    this.#serial = serial;
    this.#options = options;
    this.#send("session.created", { session: { type: "realtime" } });
  }

  get callIndex(): number {
    return this.#callIndex;
  }

  get isResponding(): boolean {
    return this.#response !== undefined;
  }

  /** The other side's `response.create` that was not answered yet. */
  takeAsked(): { metadata: unknown } | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }

  // ---- what the model does -------------------------------------------------

  beginResponse(metadata: unknown): void {
    const serial = ++this.#items;
    const responseId = `resp_${this.#serial}_${serial}`;
    const itemId = `item_${this.#serial}_${serial}`;
    this.#response = { responseId, itemId, metadata };
    this.#send("response.created", {
      response: response(responseId, "in_progress", metadata),
    });
    this.#send("response.output_item.added", {
      response_id: responseId,
      output_index: 0,
      item: { id: itemId, type: "message", role: "assistant", content: [] },
    });
  }

  /** The next audio of the call, checked by the outbound flow on arrival. */
  sendDelta(nowUs: number): void {
    const open = this.#response;
    if (open === undefined) return;
    const outbound = this.#options.outboundOf(this.#callIndex);
    const { frames } = this.#wire;
    const prefix = `{"type":"response.output_audio.delta","event_id":"${this.#eventId()}","response_id":"${open.responseId}","item_id":"${open.itemId}","output_index":0,"content_index":0,"delta":"`;
    frames.begin(prefix.length + outbound.characters + DELTA_SUFFIX.length);
    frames.text(prefix);
    outbound.write(frames.buffer, frames.at, this.#callIndex, nowUs);
    frames.advance(outbound.characters);
    frames.text(DELTA_SUFFIX);
    frames.finish();
    this.#wire.flush();
  }

  sendTranscript(delta: string): void {
    const open = this.#response;
    if (open === undefined) return;
    this.#send("response.output_audio_transcript.delta", {
      response_id: open.responseId,
      item_id: open.itemId,
      output_index: 0,
      content_index: 0,
      delta,
    });
  }

  endResponse(status: "completed" | "cancelled", transcript: string): void {
    const open = this.#response;
    if (open === undefined) return;
    this.#response = undefined;
    const { responseId, itemId, metadata } = open;
    const part = { response_id: responseId, item_id: itemId, content_index: 0 };
    this.#send("response.output_audio.done", part);
    this.#send("response.output_audio_transcript.done", {
      ...part,
      transcript,
    });
    this.#send("response.output_item.done", {
      response_id: responseId,
      output_index: 0,
      item: { id: itemId, type: "message", role: "assistant", content: [] },
    });
    this.#send("response.done", {
      response: {
        ...response(responseId, status, metadata),
        usage: USAGE,
      },
    });
  }

  speechStarted(): void {
    this.#send("input_audio_buffer.speech_started", {
      audio_start_ms: 0,
      item_id: this.#userItem(),
    });
  }

  speechStopped(transcript: string): void {
    const itemId = this.#userItem();
    this.#items += 1;
    this.#send("input_audio_buffer.speech_stopped", {
      audio_end_ms: 0,
      item_id: itemId,
    });
    this.#send("conversation.item.input_audio_transcription.completed", {
      item_id: itemId,
      content_index: 0,
      transcript,
    });
  }

  close(): void {
    this.#wire.close();
  }

  destroy(): void {
    this.#wire.destroy();
  }

  // ---- what the other side says --------------------------------------------

  message(message: Buffer, start: number, end: number): void {
    if (
      message.compare(
        APPEND,
        0,
        APPEND.length,
        start,
        start + APPEND.length,
      ) === 0
    )
      this.#audio(message, start);
    else this.#event(JSON.parse(message.toString("utf8", start, end)));
  }

  #audio(message: Buffer, start: number): void {
    const from = message.indexOf(AUDIO_KEY, start) + AUDIO_KEY.length;
    const to = message.indexOf(QUOTE, from);
    const { inbound, nowUs } = this.#options;
    const callIndex = inbound.arrived(message, from, to, nowUs());
    if (this.#callIndex !== -1 || callIndex === -1) return;
    this.#callIndex = callIndex;
    this.#options.identified(this, callIndex);
  }

  #event(event: unknown): void {
    switch (field(event, "type")) {
      case "session.update":
        this.isConfigured = true;
        this.#send("session.updated", { session: field(event, "session") });
        return;
      case "response.create":
        this.#createResponse(event);
        return;
      case "conversation.item.truncate": {
        const audioEndMs = field(event, "audio_end_ms");
        if (typeof audioEndMs === "number")
          this.#options.truncated(this, audioEndMs);
        return;
      }
      case "response.cancel":
        this.endResponse("cancelled", "");
    }
  }

  #createResponse(event: unknown): void {
    if (this.#response === undefined) {
      this.#asked = { metadata: field(field(event, "response"), "metadata") };
      return;
    }
    this.#send("error", {
      error: {
        type: "invalid_request_error",
        code: "conversation_already_has_active_response",
        message: "Conversation already has an active response",
        event_id: field(event, "event_id"),
      },
    });
  }

  #send(type: string, fields: Record<string, unknown>): void {
    this.#wire.send(
      JSON.stringify({ type, event_id: this.#eventId(), ...fields }),
    );
  }

  #eventId(): string {
    return `event_${this.#serial}_${++this.#events}`;
  }

  #userItem(): string {
    return `item_${this.#serial}_user_${this.#items}`;
  }
}

const USAGE = {
  input_token_details: {
    text_tokens: 120,
    audio_tokens: 80,
    cached_tokens: 60,
  },
  output_token_details: { text_tokens: 40, audio_tokens: 200 },
};

function response(id: string, status: string, metadata: unknown) {
  return { object: "realtime.response", id, status, metadata, output: [] };
}

function field(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null
    ? Object.entries(of).find(([key]) => key === name)?.[1]
    : undefined;
}
