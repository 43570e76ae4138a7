import type { Condition } from "../api/index.js";

/** A condition as it is found now; since when it is so is worked out. */
export type FoundCondition = Omit<Condition, "lastTransitionTime">;

/**
 * The conditions with one of them as it is found now. `lastTransitionTime` moves only when the status does. Pure.
 *
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties
 */
export function setCondition(
  conditions: readonly Condition[],
  found: FoundCondition,
  nowMs: number,
): Condition[] {
  const before = conditions.find(({ type }) => type === found.type);
  const since =
    before?.status === found.status
      ? before.lastTransitionTime
      : timestamp(nowMs);
  const now: Condition = { ...found, lastTransitionTime: since };
  if (before === undefined) return [...conditions, now];
  return conditions.map((one) => (one === before ? now : one));
}

/** A moment as Kubernetes writes it in objects: to the second. */
export function timestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** A moment to the microsecond: Lease and Event want `MicroTime`. */
export function microTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/Z$/, "000Z");
}
