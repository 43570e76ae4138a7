import type { HearingEvent, Utterance } from "../hearing/input-audio.js";
import { ProtocolError } from "../protocol/errors.js";
import type { ServerEvent } from "../protocol/server-events.js";
import type { SessionConfig } from "../protocol/session-config.js";
import type { CallerAudio } from "./caller-audio.js";
import type { Conversation } from "./conversation.js";
import type { Ids } from "./ids.js";
import type { ItemEvents } from "./item-events.js";
import { utteranceEntry } from "./new-items.js";
import type { Transcriptions } from "./transcriptions.js";

export interface TurnsSurroundings {
  readonly ids: Ids;
  readonly conversation: Conversation;
  readonly items: ItemEvents;
  readonly transcriptions: Transcriptions;
  config(): SessionConfig;
  emit(event: ServerEvent): void;
  /** The caller has begun to speak. */
  began(): void;
  /** What is being said to the caller ends. */
  interrupt(): void;
  /** The turn is to be answered, though no client asked. */
  answer(): void;
}

// "Expected at least 100ms of audio": what the service answers to a commit of less.
const SHORTEST_COMMIT_MS = 100;

/** The caller's turns: from what is heard, or what a client commits, to items of the conversation. */
export class CallerTurns {
  readonly #around: TurnsSurroundings;
  /** The item that the speech going on will become. */
  #spokenItemId = "";

  constructor(around: TurnsSurroundings) {
    this.#around = around;
  }

  heard(event: HearingEvent): void {
    const { ids } = this.#around;
    const detection = this.#around.config().audio.input.turn_detection;
    if (event.kind === "started") {
      this.#around.began();
      this.#spokenItemId = ids.next("item");
      this.#around.emit({
        type: "input_audio_buffer.speech_started",
        audio_start_ms: Math.round(event.startMs),
        item_id: this.#spokenItemId,
      });
      if (detection?.interrupt_response) {
        this.#around.interrupt();
      }
      return;
    }
    this.#around.emit({
      type: "input_audio_buffer.speech_stopped",
      audio_end_ms: Math.round(event.utterance.endMs),
      item_id: this.#spokenItemId,
    });
    this.#commitUtterance(this.#spokenItemId, event.utterance);
    if (detection?.create_response) {
      this.#around.answer();
    }
  }

  /** @throws ProtocolError when there is too little to commit */
  commit(audio: CallerAudio): void {
    const { bufferedMs } = audio;
    if (bufferedMs < SHORTEST_COMMIT_MS) {
      throw new ProtocolError(
        "input_audio_buffer_commit_empty",
        `Error committing input audio buffer: buffer too small. Expected at least ${SHORTEST_COMMIT_MS}ms of audio, but buffer only has ${bufferedMs.toFixed(2)}ms of audio.`,
      );
    }
    this.#commitUtterance(this.#around.ids.next("item"), audio.take());
  }

  /** The caller has been silent for too long: what there is of audio is an item, and is answered. */
  prompt(timeoutMs: number, audio: CallerAudio): void {
    const itemId = this.#around.ids.next("item");
    const utterance = audio.take();
    this.#around.emit({
      type: "input_audio_buffer.timeout_triggered",
      audio_start_ms: Math.max(0, Math.round(utterance.endMs - timeoutMs)),
      audio_end_ms: Math.round(utterance.endMs),
      item_id: itemId,
    });
    this.#commitUtterance(itemId, utterance);
    this.#around.answer();
  }

  #commitUtterance(itemId: string, utterance: Utterance): void {
    const { conversation, items, transcriptions } = this.#around;
    const entry = utteranceEntry(itemId, utterance.audio);
    const previous = conversation.insert(entry);
    this.#around.emit({
      type: "input_audio_buffer.committed",
      previous_item_id: previous,
      item_id: itemId,
    });
    items.announce(entry, previous);
    const { transcription } = this.#around.config().audio.input;
    if (transcription) {
      transcriptions.begin(entry, transcription.model);
    }
  }
}
