import type { ServingPod } from "./observed.js";

/** What became of asking a pod for its calls. */
export type Load =
  | { readonly kind: "answered"; readonly calls: number }
  | { readonly kind: "silent" };

/** How a pod is to be marked for those who end pods: the replica set's controller and the cluster's autoscaler. */
export interface Marks {
  readonly state: "idle" | "busy" | "silent";
  /** The lower, the sooner a scale-down takes it. */
  readonly deletionCost: string;
  /** Whether a node's drain by the autoscaler may take it. */
  readonly safeToEvict: string;
  readonly isSame: boolean;
}

/**
 * The marks of a pod with so many calls. An idle one costs nothing; one with calls costs the power of two below their
 * number, and keeps its cost while that number is between half of it and its double, so that not every call is a write
 * to the API server. Who does not answer counts as busy: nobody knows whom its end would cut off. Pure.
 */
export function marksOf(
  pod: Pick<ServingPod, "deletionCost" | "safeToEvict">,
  load: Load,
): Marks {
  const before = costBefore(pod.deletionCost);
  const cost =
    load.kind === "silent"
      ? Math.max(1, before)
      : steppedCost(load.calls, before);
  const deletionCost = String(cost);
  const safeToEvict = String(cost === 0);
  return {
    state: load.kind === "silent" ? "silent" : cost === 0 ? "idle" : "busy",
    deletionCost,
    safeToEvict,
    isSame:
      pod.deletionCost === deletionCost && pod.safeToEvict === safeToEvict,
  };
}

function steppedCost(calls: number, before: number): number {
  if (calls === 0) return 0;
  const isNear = calls < 2 * before && 2 * calls >= before;
  return isNear ? before : 2 ** Math.floor(Math.log2(calls));
}

/** 0 for what is no cost of ours: somebody wrote it by hand, or nobody did. */
function costBefore(annotation: string | undefined): number {
  const cost = Number(annotation);
  return Number.isInteger(cost) && cost > 0 && cost <= 2 ** 30 ? cost : 0;
}
