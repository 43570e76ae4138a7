import {
  FRAME_BYTES,
  FRAME_MS,
  loudness,
  MULAW_BYTES_PER_MS,
} from "@easymo/telephone-audio";

export interface VadSettings {
  /** A frame this loud is speech. */
  readonly thresholdDbfs: number;
  readonly prefixPaddingMs: number;
  readonly silenceMs: number;
}

/** A stretch of the caller's audio, on the clock of all audio ever written. */
export interface Utterance {
  readonly audio: Buffer;
  readonly endMs: number;
}

export type HearingEvent =
  | { readonly kind: "started"; readonly startMs: number }
  | { readonly kind: "stopped"; readonly utterance: Utterance };

/** Two frames in a row: a single click is not someone speaking. */
const ONSET_FRAMES = 2;
/** Within speech, a little quieter still counts, so that a soft ending is not cut. */
const HYSTERESIS_DB = 6;

/**
 * The input audio buffer: the caller's μ-law, and an energy-based detector of
 * speech on it. Time is that of the audio itself, eight bytes a millisecond;
 * how fast it arrives does not matter.
 */
export class InputAudio {
  /** Audio that is kept; `#keptFrom` is the position of its first byte. */
  #chunks: Buffer[] = [];
  #keptFrom = 0;
  #end = 0;
  /** Bytes that do not make a frame yet. */
  #partial: Buffer = Buffer.alloc(0);
  #loudFrames = 0;
  #quietMs = 0;
  #speechStart: number | undefined;

  /** Milliseconds of audio written since the session began. */
  get endMs(): number {
    return this.#end / MULAW_BYTES_PER_MS;
  }

  get bufferedMs(): number {
    return (this.#end - this.#keptFrom) / MULAW_BYTES_PER_MS;
  }

  get speaking(): boolean {
    return this.#speechStart !== undefined;
  }

  /** Takes audio in; without settings (turn detection off) it only collects. */
  append(mulaw: Buffer, settings: VadSettings | null): HearingEvent[] {
    if (!settings) {
      this.#keep(mulaw);
      return [];
    }
    const events: HearingEvent[] = [];
    const pending =
      this.#partial.length === 0
        ? mulaw
        : Buffer.concat([this.#partial, mulaw]);
    const whole = pending.length - (pending.length % FRAME_BYTES);
    this.#partial = pending.subarray(whole);
    for (let at = 0; at < whole; at += FRAME_BYTES) {
      const frame = pending.subarray(at, at + FRAME_BYTES);
      this.#keep(frame);
      const event = this.#listen(frame, settings);
      if (event) {
        events.push(event);
      }
    }
    return events;
  }

  /** The speech that is going on ends here: nothing more has come. */
  endSpeech(): HearingEvent | undefined {
    return this.speaking ? this.#stop() : undefined;
  }

  /** All that is in the buffer, which is empty after. */
  take(): Utterance {
    this.#keep(this.#partial);
    this.#partial = Buffer.alloc(0);
    return this.#cut();
  }

  clear(): void {
    this.take();
  }

  #keep(chunk: Buffer): void {
    if (chunk.length > 0) {
      this.#chunks.push(chunk);
      this.#end += chunk.length;
    }
  }

  #listen(frame: Buffer, settings: VadSettings): HearingEvent | undefined {
    const level = loudness(frame);
    if (this.#speechStart !== undefined) {
      const isSpeech = level >= settings.thresholdDbfs - HYSTERESIS_DB;
      this.#quietMs = isSpeech ? 0 : this.#quietMs + FRAME_MS;
      return this.#quietMs >= settings.silenceMs ? this.#stop() : undefined;
    }
    this.#loudFrames =
      level >= settings.thresholdDbfs ? this.#loudFrames + 1 : 0;
    const paddingBytes = settings.prefixPaddingMs * MULAW_BYTES_PER_MS;
    this.#forgetBefore(
      this.#end - this.#loudFrames * FRAME_BYTES - paddingBytes,
    );
    if (this.#loudFrames < ONSET_FRAMES) {
      return undefined;
    }
    this.#speechStart = this.#keptFrom;
    this.#quietMs = 0;
    return { kind: "started", startMs: this.#keptFrom / MULAW_BYTES_PER_MS };
  }

  #stop(): HearingEvent {
    return { kind: "stopped", utterance: this.#cut() };
  }

  /** What is kept up to here. Bytes that make no frame yet belong to what comes next. */
  #cut(): Utterance {
    const audio = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#keptFrom = this.#end;
    this.#loudFrames = 0;
    this.#quietMs = 0;
    this.#speechStart = undefined;
    return { audio, endMs: this.endMs };
  }

  #forgetBefore(position: number): void {
    let first = this.#chunks[0];
    while (first && this.#keptFrom + first.length <= position) {
      this.#chunks.shift();
      this.#keptFrom += first.length;
      first = this.#chunks[0];
    }
  }
}
