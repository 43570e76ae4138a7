import { FRAME_BYTES } from "@easymo/telephone-audio";

/** What one period of playing did. */
export interface Played {
  /** The bytes that the caller heard; at most one frame. */
  readonly audio: Buffer;
  /** Marks whose audio has now all been heard. */
  readonly marks: readonly string[];
}

interface QueuedMark {
  readonly name: string;
  /** Reached when this many bytes have been taken from the buffer. */
  readonly atByte: number;
}

/**
 * The audio that a stream's server has sent and the caller has not heard yet:
 * played in order, one frame a period; a mark is reached when everything that
 * was queued before it has been played, at once when nothing is.
 */
export class Playback {
  #chunks: Buffer[] = [];
  #queuedBytes = 0;
  #takenBytes = 0;
  #marks: QueuedMark[] = [];

  /** Audio that has been sent and not been heard. */
  get bufferedBytes(): number {
    return this.#queuedBytes - this.#takenBytes;
  }

  /** Adds audio after everything that is queued. */
  enqueue(audio: Buffer): void {
    if (audio.length === 0) return;
    this.#chunks.push(audio);
    this.#queuedBytes += audio.length;
  }

  /**
   * Adds a mark after everything that is queued. True when nothing is: the
   * mark is then reached already and is not kept.
   */
  mark(name: string): boolean {
    if (this.bufferedBytes === 0) return true;
    this.#marks.push({ name, atByte: this.#queuedBytes });
    return false;
  }

  /** Empties the buffer; every mark in it counts as reached, in order. */
  clear(): { readonly discardedBytes: number; readonly marks: string[] } {
    const discardedBytes = this.bufferedBytes;
    const marks = this.#marks.map((mark) => mark.name);
    this.#chunks = [];
    this.#marks = [];
    this.#takenBytes = this.#queuedBytes;
    return { discardedBytes, marks };
  }

  /** Plays one frame, or what there is of one. */
  play(): Played {
    const audio = this.#take(FRAME_BYTES);
    if (this.#marks.length === 0) return { audio, marks: [] };
    const marks: string[] = [];
    for (;;) {
      const next = this.#marks[0];
      if (next === undefined || next.atByte > this.#takenBytes) break;
      this.#marks.shift();
      marks.push(next.name);
    }
    return { audio, marks };
  }

  #take(wantedBytes: number): Buffer {
    const parts: Buffer[] = [];
    let missing = wantedBytes;
    while (missing > 0) {
      const first = this.#chunks[0];
      if (first === undefined) break;
      if (first.length <= missing) {
        parts.push(first);
        missing -= first.length;
        this.#chunks.shift();
      } else {
        parts.push(first.subarray(0, missing));
        this.#chunks[0] = first.subarray(missing);
        missing = 0;
      }
    }
    this.#takenBytes += wantedBytes - missing;
    const only = parts[0];
    if (only === undefined) return EMPTY;
    return parts.length === 1 ? only : Buffer.concat(parts);
  }
}

const EMPTY = Buffer.alloc(0);
