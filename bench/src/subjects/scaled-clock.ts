import { systemClock, type Clock } from "@easymo/service-kit";

/** A clock that goes faster, so that an hour of call time takes minutes. */
export function scaledClock(speed: number): Clock {
  if (speed === 1) return systemClock;
  const epochMs = systemClock.now();
  const startMs = systemClock.monotonicMs();
  const elapsedMs = (): number => (systemClock.monotonicMs() - startMs) * speed;
  return {
    now: () => Math.round(epochMs + elapsedMs()),
    monotonicMs: () => startMs + elapsedMs(),
    setTimeout: (fn, delayMs) => systemClock.setTimeout(fn, delayMs / speed),
  };
}
