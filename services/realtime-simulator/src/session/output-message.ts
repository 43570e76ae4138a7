import { MULAW_BYTES_PER_MS } from "@easymo/telephone-audio";
import type { ContentPart, MessageItem } from "../protocol/items.js";
import type { ServerEvent } from "../protocol/server-events.js";
import type { Entry } from "./conversation.js";
import { assistantAudioTokens, textTokens, type Tokens } from "./tokens.js";

type SpokenPart = Extract<ContentPart, { type: "output_audio" }>;

/** A message of the agent while it is being said. */
export class OutputMessage {
  readonly entry: Entry;
  readonly item: MessageItem;
  previousItemId: string | null = null;
  readonly #emit: (event: ServerEvent) => void;
  readonly #where: {
    readonly response_id: string;
    readonly item_id: string;
    readonly output_index: number;
    readonly content_index: 0;
  };
  readonly #spoken: SpokenPart | undefined;
  readonly #pieces: Buffer[] = [];
  #sentMs = 0;
  #text = "";

  constructor(init: {
    readonly id: string;
    readonly responseId: string;
    readonly outputIndex: number;
    readonly modality: "audio" | "text";
    emit(event: ServerEvent): void;
  }) {
    this.#emit = (event) => init.emit(event);
    this.#spoken =
      init.modality === "audio"
        ? { type: "output_audio", transcript: "" }
        : undefined;
    this.item = {
      id: init.id,
      object: "realtime.item",
      type: "message",
      status: "in_progress",
      role: "assistant",
      content: [],
    };
    this.entry = { item: this.item, audioMs: 0 };
    this.#where = {
      response_id: init.responseId,
      item_id: init.id,
      output_index: init.outputIndex,
      content_index: 0,
    };
  }

  open(): void {
    if (this.#spoken) {
      this.item.content.push(this.#spoken);
    }
    this.#emit({
      type: "response.content_part.added",
      ...this.#where,
      part: this.#part(),
    });
  }

  /** Sends words, and the audio that goes with them. */
  speak(words: string, wire: Buffer, mulaw: Buffer): void {
    if (words !== "") {
      this.#text += words;
      this.#emit({
        type: "response.output_audio_transcript.delta",
        ...this.#where,
        delta: words,
      });
    }
    const durationMs = mulaw.length / MULAW_BYTES_PER_MS;
    this.#pieces.push(mulaw);
    this.#sentMs += durationMs;
    this.entry.audioMs += durationMs;
    this.#emit({
      type: "response.output_audio.delta",
      ...this.#where,
      delta: wire.toString("base64"),
    });
  }

  write(text: string): void {
    this.#text += text;
    this.#emit({
      type: "response.output_text.delta",
      ...this.#where,
      delta: text,
    });
  }

  /** The closing events; what was not sent by now was never said. */
  close(): void {
    const where = this.#where;
    const text = this.#text;
    if (this.#spoken) {
      // Null already, when the client has cut it off meanwhile.
      if (this.#spoken.transcript !== null) {
        this.#spoken.transcript = text;
        this.entry.audio = Buffer.concat(this.#pieces);
      }
      this.#emit({ type: "response.output_audio.done", ...where });
      this.#emit({
        type: "response.output_audio_transcript.done",
        ...where,
        transcript: text,
      });
    } else {
      this.item.content = [{ type: "output_text", text }];
      this.#emit({ type: "response.output_text.done", ...where, text });
    }
    this.#emit({
      type: "response.content_part.done",
      ...where,
      part: this.#part(),
    });
  }

  tokens(): Tokens {
    return {
      text: textTokens(this.#text),
      audio: assistantAudioTokens(this.#sentMs),
    };
  }

  #part() {
    return this.#spoken
      ? { type: "audio" as const, transcript: this.#text }
      : { type: "text" as const, text: this.#text };
  }
}
