import type { Clock } from "@easymo/service-kit";

/** Resolves after a while, or at once when it is given up. */
export function pause(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || delayMs <= 0) {
      resolve();
      return;
    }
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, delayMs);
    const end = (): void => {
      timer.cancel();
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}

/** Whether it was given up by now: asked anew, where the compiler would go by an answer from before a wait. */
export function givenUp(signal: AbortSignal): boolean {
  return signal.aborted;
}
