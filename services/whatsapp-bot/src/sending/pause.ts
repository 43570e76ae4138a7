import type { Clock } from "@easymo/service-kit";

/** Resolves after a time; rejects with the signal's reason when that comes first. */
export function pause(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    function onAbort(): void {
      timer.cancel();
      reject(new Error("no longer waited for", { cause: signal.reason }));
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
