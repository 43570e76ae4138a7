const BYTES_PER_MS = 8;

/**
 * The caller's ear: plays what it is sent in real time, and says which marks
 * have been reached. After a `clear` all pending marks are due at once:
 * <https://www.twilio.com/docs/voice/media-streams/websocket-messages>.
 */
export class Playback {
  readonly #speed: number;
  #endsAtMs = 0;
  #marks: { name: string; dueMs: number }[] = [];

  /** `speed`: how many times faster than real time it plays. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  audio(bytes: number, nowMs: number): void {
    this.#endsAtMs =
      Math.max(this.#endsAtMs, nowMs) + bytes / BYTES_PER_MS / this.#speed;
  }

  mark(name: string): void {
    this.#marks.push({ name, dueMs: this.#endsAtMs });
  }

  clear(nowMs: number): void {
    this.#endsAtMs = nowMs;
    for (const mark of this.#marks) mark.dueMs = nowMs;
  }

  takeDue(nowMs: number): string[] {
    const marks = this.#marks;
    let due = 0;
    while (due < marks.length && (marks[due]?.dueMs ?? Infinity) <= nowMs)
      due++;
    return due === 0 ? NONE : marks.splice(0, due).map(({ name }) => name);
  }
}

const NONE: string[] = [];
