import { LatencyHistogram, type LatencySummary } from "./latency-histogram.js";
import type { ModelScript, ModelSession } from "./model-session.js";

export interface BargeInReport {
  /** From the model's `speech_started` to the caller's `clear`. */
  readonly clear: LatencySummary;
  /** From the first audio after the caller's turn to the caller's ear. */
  readonly firstAudio: LatencySummary;
  readonly interruptions: number;
  /** Interruptions with no `clear`, more than one, or not exactly one `truncate`. */
  readonly wrong: number;
  /** Audio of an interrupted response that reached the caller. */
  readonly late: number;
  /** Truncations past what the caller can have heard. */
  readonly pastHeard: number;
}

const DELTAS = 10;
const DELTA_MS = 200;
const HEAR_TICKS = 18;
const SPEAK_TICKS = 8;
/** Marks come back with the caller's next frame of 20 ms. */
const HEARD_TOLERANCE_MS = 25;

interface Interruption {
  atUs: number;
  clears: number;
  truncates: number;
}

/**
 * A caller who speaks over the agent again and again: two seconds of audio are
 * sent at once, and a good third of a second later the caller speaks. Every
 * other time the response is over by then, as it is when a model is quicker
 * than speech.
 */
export class BargeInProbe implements ModelScript {
  readonly #nowUs: () => number;
  readonly #clear = new LatencyHistogram();
  readonly #firstAudio = new LatencyHistogram();
  #phase: "greeting" | "hearing" | "speaking" = "greeting";
  #left = 0;
  #responses = 0;
  #interruption: Interruption | undefined;
  #firstSentUs: number | undefined;
  #firstHeardUs = 0;
  #interruptions = 0;
  #wrong = 0;
  #late = 0;
  #pastHeard = 0;
  #isOn = false;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  /** From now on interruptions are made and counted. */
  begin(): void {
    this.#isOn = true;
  }

  /** The interruption that is under way is the last. */
  end(): void {
    this.#isOn = false;
  }

  get isQuiet(): boolean {
    return !this.#isOn && this.#phase !== "speaking";
  }

  tick(session: ModelSession, nowUs: number): void {
    if (this.#phase === "greeting") {
      const asked = session.takeAsked();
      if (asked !== undefined) this.#answer(session, nowUs, asked.metadata);
      return;
    }
    if (--this.#left > 0) return;
    if (this.#phase === "speaking") {
      this.#settle();
      session.speechStopped("wait, how much was that");
      this.#answer(session, this.#nowUs(), undefined);
    } else if (this.#isOn) this.#interrupt(session);
    else this.#left = 1;
  }

  heard(nowUs: number): void {
    if (this.#interruption !== undefined) {
      this.#late += 1;
      return;
    }
    if (this.#firstSentUs === undefined) return;
    if (this.#isOn) this.#firstAudio.record(nowUs - this.#firstSentUs);
    this.#firstSentUs = undefined;
    this.#firstHeardUs = nowUs;
  }

  cleared(nowUs: number): void {
    const interruption = this.#interruption;
    if (interruption === undefined) {
      this.#wrong += 1;
      return;
    }
    interruption.clears += 1;
    this.#clear.record(nowUs - interruption.atUs);
  }

  truncated(audioEndMs: number): void {
    if (this.#interruption !== undefined) this.#interruption.truncates += 1;
    const playedMs = (this.#nowUs() - this.#firstHeardUs) / 1_000;
    const possibleMs = Math.min(playedMs, DELTAS * DELTA_MS);
    if (audioEndMs > possibleMs + HEARD_TOLERANCE_MS) this.#pastHeard += 1;
  }

  report(): BargeInReport {
    return {
      clear: this.#clear.summary(),
      firstAudio: this.#firstAudio.summary(),
      interruptions: this.#interruptions,
      wrong: this.#wrong,
      late: this.#late,
      pastHeard: this.#pastHeard,
    };
  }

  #answer(session: ModelSession, nowUs: number, metadata: unknown): void {
    session.beginResponse(metadata);
    this.#firstSentUs = nowUs;
    for (let delta = 0; delta < DELTAS; delta++) session.sendDelta(nowUs);
    this.#responses += 1;
    if (this.#responses % 2 === 0) session.endResponse("completed", "It is");
    this.#phase = "hearing";
    this.#left = HEAR_TICKS;
  }

  #interrupt(session: ModelSession): void {
    this.#interruption = { atUs: this.#nowUs(), clears: 0, truncates: 0 };
    session.speechStarted();
    if (session.isResponding) {
      session.sendDelta(this.#nowUs());
      session.endResponse("cancelled", "It is");
    }
    this.#phase = "speaking";
    this.#left = SPEAK_TICKS;
  }

  #settle(): void {
    const interruption = this.#interruption;
    this.#interruption = undefined;
    if (interruption === undefined) return;
    this.#interruptions += 1;
    if (interruption.clears !== 1 || interruption.truncates !== 1)
      this.#wrong += 1;
  }
}
