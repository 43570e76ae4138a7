import type { Clock, Timer } from "@easymo/service-kit";
import type { ServerEvent } from "../protocol/server-events.js";
import type { Entry } from "./conversation.js";
import { setTranscript, transcriptFor } from "./new-items.js";
import { textTokens, userAudioTokens } from "./tokens.js";

/** "Transcription runs asynchronously with Response creation": it is there a little after the response began. */
const TRANSCRIPTION_MS = 60;

type Completed = Extract<
  ServerEvent,
  { type: "conversation.item.input_audio_transcription.completed" }
>;

/** The transcriptions of the caller's audio that are under way. */
export class Transcriptions {
  readonly #clock: Clock;
  readonly #emit: (event: ServerEvent) => void;
  readonly #timers = new Set<Timer>();

  constructor(clock: Clock, emit: (event: ServerEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  begin(entry: Entry, model: string): void {
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.#complete(entry, model);
    }, TRANSCRIPTION_MS);
    this.#timers.add(timer);
  }

  close(): void {
    this.#timers.forEach((timer) => timer.cancel());
    this.#timers.clear();
  }

  #complete(entry: Entry, model: string): void {
    const transcript = transcriptFor(entry);
    setTranscript(entry, transcript);
    const where = { item_id: entry.item.id, content_index: 0 };
    for (const delta of transcript.match(/(?:\S+\s*){1,4}/g) ?? []) {
      this.#emit({
        type: "conversation.item.input_audio_transcription.delta",
        ...where,
        delta,
      });
    }
    this.#emit({
      type: "conversation.item.input_audio_transcription.completed",
      ...where,
      transcript,
      usage: usageOf(model, entry.audioMs, transcript),
    });
  }
}

/** whisper-1 is billed by duration, its successors by tokens. */
function usageOf(
  model: string,
  audioMs: number,
  transcript: string,
): Completed["usage"] {
  if (model.startsWith("whisper")) {
    return { type: "duration", seconds: Math.round(audioMs / 100) / 10 };
  }
  const audio = userAudioTokens(audioMs);
  const text = textTokens(transcript);
  return {
    type: "tokens",
    total_tokens: audio + text,
    input_tokens: audio,
    input_token_details: { text_tokens: 0, audio_tokens: audio },
    output_tokens: text,
  };
}
