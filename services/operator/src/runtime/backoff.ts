export interface BackoffOptions {
  /** Before the second try. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * How long to wait after so many failures in a row (1, 2, …): twice as long each time, up to a bound; between half of it
 * and all of it, so that what failed together does not come back together. Pure.
 *
 * @param chance in [0, 1)
 */
export function backoffMs(
  failures: number,
  { firstMs, longestMs }: BackoffOptions,
  chance: number,
): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  return fullMs * (0.5 + chance / 2);
}
