import type { ModelScript, ModelSession } from "./model-session.js";

const TICK_MS = 20;
const TICKS_PER_TRANSCRIPT = 25;
const RESPONSE_TICKS = 500;
const GREETING_PATIENCE_TICKS = 15;
const WORDS = "moto spare parts for you ";

/**
 * A model that never stops talking, one response of ten seconds after the
 * other: the most that a bridge can be asked to carry.
 */
export class ContinuousScript implements ModelScript {
  readonly #ticksPerDelta: number;
  #ticks = 0;
  #patience = GREETING_PATIENCE_TICKS;
  #left = 0;

  constructor(deltaMs: number) {
    this.#ticksPerDelta = Math.max(1, Math.round(deltaMs / TICK_MS));
  }

  tick(session: ModelSession, nowUs: number): void {
    const tick = this.#ticks++;
    if (!session.isResponding && !this.#begin(session)) return;
    if ((tick + session.callIndex) % this.#ticksPerDelta === 0)
      session.sendDelta(nowUs);
    if (tick % TICKS_PER_TRANSCRIPT === 0) session.sendTranscript(WORDS);
    if (--this.#left <= 0) session.endResponse("completed", WORDS.repeat(20));
  }

  /** A bridge asks for the first response itself: it greets. */
  #begin(session: ModelSession): boolean {
    const asked = session.takeAsked();
    if (asked === undefined && this.#patience-- > 0) return false;
    this.#patience = 0;
    session.beginResponse(asked?.metadata);
    this.#left = RESPONSE_TICKS;
    return true;
  }
}

const PAUSE_TICKS = 25;
const SPEAK_TICKS = 150;
const THINK_TICKS = 20;
const ANSWER_TICKS = 250;

type Phase = "waiting" | "answering" | "pausing" | "listening" | "thinking";

/** Turns as people take them: the caller speaks, the model thinks and answers. */
export class ConversationScript implements ModelScript {
  readonly #ticksPerDelta: number;
  #phase: Phase = "waiting";
  #left = GREETING_PATIENCE_TICKS;
  #ticks = 0;

  constructor(deltaMs: number) {
    this.#ticksPerDelta = Math.max(1, Math.round(deltaMs / TICK_MS));
  }

  tick(session: ModelSession, nowUs: number): void {
    this.#ticks += 1;
    if (this.#phase === "answering") this.#speak(session, nowUs);
    const asked = this.#phase === "waiting" ? session.takeAsked() : undefined;
    if (--this.#left > 0 && asked === undefined) return;
    this.#next(session, asked?.metadata);
  }

  #speak(session: ModelSession, nowUs: number): void {
    if (this.#ticks % this.#ticksPerDelta === 0) session.sendDelta(nowUs);
    if (this.#ticks % TICKS_PER_TRANSCRIPT === 0) session.sendTranscript(WORDS);
  }

  #next(session: ModelSession, metadata: unknown): void {
    switch (this.#phase) {
      case "waiting":
      case "thinking":
        session.beginResponse(metadata);
        this.#enter("answering", ANSWER_TICKS);
        return;
      case "answering":
        session.endResponse("completed", WORDS.repeat(10));
        this.#enter("pausing", PAUSE_TICKS);
        return;
      case "pausing":
        session.speechStarted();
        this.#enter("listening", SPEAK_TICKS);
        return;
      case "listening":
        session.speechStopped("how much is a brake pad in Nyabugogo");
        this.#enter("thinking", THINK_TICKS);
    }
  }

  #enter(phase: Phase, ticks: number): void {
    this.#phase = phase;
    this.#left = ticks;
  }
}
