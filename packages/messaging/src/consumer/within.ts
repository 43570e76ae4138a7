import type { Clock } from "../clock.js";

/** True when the work is over in time; false when the time is over first. */
export function within(
  clock: Clock,
  work: Promise<unknown>,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => resolve(false), timeoutMs);
    void work.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}
