import type { Clock, Timer } from "@easymo/service-kit";
import type { TurnDetection } from "../protocol/session-config.js";

/** With an idle timeout, a caller who stays silent after the agent's words is prompted. */
export class IdlePrompt {
  readonly #clock: Clock;
  readonly #prompt: (timeoutMs: number) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, prompt: (timeoutMs: number) => void) {
    this.#clock = clock;
    this.#prompt = prompt;
  }

  /** Begins to wait; the time counts from the end of what has not been played yet. */
  wait(detection: TurnDetection | null, unplayedMs: number): void {
    this.cancel();
    if (
      detection?.type === "server_vad" &&
      detection.idle_timeout_ms !== null
    ) {
      const timeoutMs = detection.idle_timeout_ms;
      // "applied after the last model response's audio has finished playing" (idle_timeout_ms).
      this.#timer = this.#clock.setTimeout(
        () => this.#prompt(timeoutMs),
        unplayedMs + timeoutMs,
      );
    }
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
