import type { Agent, Channel, Condition } from "../api/index.js";
import { setCondition, type FoundCondition } from "./conditions.js";
import type { ObjectToWrite } from "./kubernetes.js";

/** A status, or the part of one that a writer owns, as it should be. */
export interface StatusToWrite {
  /** For `applyStatus`; refused when the object is another one by now. */
  readonly object: ObjectToWrite;
  /** What it says, but for times. */
  readonly fingerprint: string;
  /** Whether the object says so already. */
  readonly isSame: boolean;
}

/** A writer's part of an object's status: its conditions and fields; what others write there is not its business. Pure. */
export function statusToWrite(
  { apiVersion, kind, metadata, status }: Agent | Channel,
  found: readonly FoundCondition[],
  fields: Readonly<Record<string, string | number | undefined>>,
  nowMs: number,
): StatusToWrite {
  const before = status?.conditions ?? [];
  const conditions = found.flatMap((one) =>
    setCondition(before, one, nowMs).filter(({ type }) => type === one.type),
  );
  const old: Readonly<Record<string, unknown>> = status ?? {};
  const { name, namespace, uid } = metadata;
  return {
    object: {
      apiVersion,
      kind,
      metadata: { name, namespace, uid },
      status: { ...fields, conditions },
    },
    fingerprint: JSON.stringify([fields, found]),
    isSame:
      Object.entries(fields).every(([field, value]) => old[field] === value) &&
      conditions.every((one) => before.some((other) => isEqual(one, other))),
  };
}

function isEqual(one: Condition, other: Condition): boolean {
  return (
    one.type === other.type &&
    one.status === other.status &&
    one.reason === other.reason &&
    one.message === other.message &&
    one.observedGeneration === other.observedGeneration
  );
}
