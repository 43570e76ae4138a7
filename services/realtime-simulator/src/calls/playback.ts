import type { Clock, Timer } from "@easymo/service-kit";
import { MULAW_BYTES_PER_MS } from "@easymo/telephone-audio";
import type { CutPlayback } from "../session/line.js";

/** A piece of an answer's audio. */
export interface PlaybackPiece {
  readonly responseId: string;
  readonly itemId: string;
  readonly contentIndex: number;
  readonly mulaw: Buffer;
}

export interface PlaybackListener {
  started(responseId: string): void;
  /** All of the response has been played. */
  stopped(responseId: string): void;
  /** The caller has heard this. */
  heard(mulaw: Buffer): void;
}

/** What the caller is played, in the time that it takes: however fast the model is, a mouth is not. */
export class Playback {
  readonly #clock: Clock;
  readonly #speed: number;
  readonly #listener: PlaybackListener;
  readonly #queue: PlaybackPiece[] = [];
  /** Responses that will have no more audio. */
  readonly #complete = new Set<string>();
  /** The response that is being played. */
  #playing: string | undefined;
  /** Of the present item, before the present piece. */
  #itemId = "";
  #itemPlayedMs = 0;
  #pieceSinceMs = 0;
  #timer: Timer | undefined;

  /** @param speed how many seconds of line time pass in one of the clock's */
  constructor(clock: Clock, speed: number, listener: PlaybackListener) {
    this.#clock = clock;
    this.#speed = speed;
    this.#listener = listener;
  }

  add(piece: PlaybackPiece): void {
    this.#queue.push(piece);
    if (this.#timer === undefined) this.#next();
  }

  /** The response has no more audio. */
  complete(responseId: string): void {
    this.#complete.add(responseId);
    // Never within the event that ends the response: its playback ends after it.
    if (this.#timer === undefined)
      this.#timer = this.#clock.setTimeout(() => this.#next(), 0);
  }

  /** Stops, and forgets what was not played; undefined when nothing was playing. */
  cut(): CutPlayback | undefined {
    const piece = this.#queue[0];
    const responseId = this.#playing;
    if (responseId === undefined) return undefined;
    const playedMs =
      piece === undefined ? this.#itemPlayedMs : this.#cutPiece(piece);
    this.close();
    this.#playing = undefined;
    return {
      responseId,
      itemId: this.#itemId,
      contentIndex: piece?.contentIndex ?? 0,
      playedMs: Math.floor(playedMs),
    };
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#queue.length = 0;
  }

  #cutPiece({ itemId, mulaw }: PlaybackPiece): number {
    const elapsedMs =
      (this.#clock.monotonicMs() - this.#pieceSinceMs) * this.#speed;
    const playedMs = Math.min(durationMs(mulaw), Math.max(0, elapsedMs));
    this.#listener.heard(
      mulaw.subarray(0, Math.floor(playedMs) * MULAW_BYTES_PER_MS),
    );
    return (itemId === this.#itemId ? this.#itemPlayedMs : 0) + playedMs;
  }

  #next(): void {
    this.#timer = undefined;
    const piece = this.#queue[0];
    const playing = this.#playing;
    if (playing !== undefined && piece?.responseId !== playing) {
      if (!this.#complete.delete(playing)) return;
      this.#playing = undefined;
      this.#listener.stopped(playing);
    }
    if (piece !== undefined) this.#play(piece);
  }

  #play(piece: PlaybackPiece): void {
    const { responseId, itemId, mulaw } = piece;
    if (this.#playing === undefined) {
      this.#playing = responseId;
      this.#listener.started(responseId);
    }
    if (itemId !== this.#itemId) {
      this.#itemId = itemId;
      this.#itemPlayedMs = 0;
    }
    this.#pieceSinceMs = this.#clock.monotonicMs();
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#queue.shift();
        this.#itemPlayedMs += durationMs(mulaw);
        this.#listener.heard(mulaw);
        this.#next();
      },
      durationMs(mulaw) / this.#speed,
    );
  }
}

function durationMs(mulaw: Buffer): number {
  return mulaw.length / MULAW_BYTES_PER_MS;
}
