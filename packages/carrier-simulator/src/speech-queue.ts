import { FRAME_BYTES, MULAW_SILENCE } from "@easymo/telephone-audio";

interface Utterance {
  rest: Buffer;
  readonly done: () => void;
}

/** What someone on the line is about to say, a frame at a time, in order. */
export class SpeechQueue {
  readonly #utterances: Utterance[] = [];

  /** What has not been said yet. */
  get bytes(): number {
    return this.#utterances.reduce((sum, { rest }) => sum + rest.length, 0);
  }

  /** Resolves when the last of it has been taken, or was dropped. */
  say(mulaw: Buffer): Promise<void> {
    if (mulaw.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#utterances.push({ rest: mulaw, done: resolve });
    });
  }

  /** The next frame; a line does not stop mid-frame, so silence fills it up. */
  nextFrame(): Buffer | undefined {
    const first = this.#utterances[0];
    if (first === undefined) return undefined;
    if (first.rest.length > FRAME_BYTES) {
      const frame = first.rest.subarray(0, FRAME_BYTES);
      first.rest = first.rest.subarray(FRAME_BYTES);
      return frame;
    }
    this.#utterances.shift();
    first.done();
    return padded(first.rest);
  }

  /** Drops what has not been said. */
  drop(): void {
    for (const utterance of this.#utterances.splice(0)) utterance.done();
  }
}

function padded(rest: Buffer): Buffer {
  if (rest.length === FRAME_BYTES) return rest;
  const frame = Buffer.alloc(FRAME_BYTES, MULAW_SILENCE);
  rest.copy(frame);
  return frame;
}
