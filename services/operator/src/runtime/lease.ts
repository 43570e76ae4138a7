import { z } from "zod";
import { microTimestamp } from "./conditions.js";
import type { ObjectToWrite } from "./kubernetes.js";
import type { ObjectKey } from "./object-key.js";
import { resources } from "./resources.js";

/** A Lease, as far as an election reads it. */
export interface Lease {
  readonly resourceVersion: string;
  readonly holder: string | undefined;
  readonly lengthMs: number;
  readonly acquireTime: string | undefined;
  readonly transitions: number;
}

/** A lease, and since when, by our own monotonic clock, it has been seen as it is. */
export interface Sighting {
  readonly lease: Lease;
  readonly sinceMs: number;
}

const leaseSchema = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z
    .object({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .default({}),
});

/** Reads a Lease; `undefined` stays so. */
export function leaseOf(raw: unknown): Lease | undefined {
  if (raw === undefined) return undefined;
  const { metadata, spec } = leaseSchema.parse(raw);
  return {
    resourceVersion: metadata.resourceVersion,
    holder:
      spec.holderIdentity === ""
        ? undefined
        : (spec.holderIdentity ?? undefined),
    lengthMs: (spec.leaseDurationSeconds ?? 0) * 1_000,
    acquireTime: spec.acquireTime ?? undefined,
    transitions: spec.leaseTransitions ?? 0,
  };
}

/** Whether one may take a lease: it is one's own, nobody's, or has not been renewed for its whole length. Pure. */
export function mayTake(
  { lease, sinceMs }: Sighting,
  identity: string,
  nowMs: number,
): boolean {
  return (
    lease.holder === undefined ||
    lease.holder === identity ||
    nowMs - sinceMs >= lease.lengthMs
  );
}

/** The lease as its holder writes it. Pure. */
export function heldLease(
  key: ObjectKey,
  before: Lease | undefined,
  held: { identity: string; leaseMs: number; nowMs: number },
): ObjectToWrite {
  const now = microTimestamp(held.nowMs);
  const again = before?.holder === held.identity;
  return leaseObject(key, before, {
    holderIdentity: held.identity,
    leaseDurationSeconds: Math.ceil(held.leaseMs / 1_000),
    renewTime: now,
    acquireTime: again ? (before.acquireTime ?? now) : now,
    leaseTransitions:
      before === undefined ? 0 : before.transitions + (again ? 0 : 1),
  });
}

/** The lease as its last holder leaves it: nobody's. Pure. */
export function freeLease(key: ObjectKey, before: Lease): ObjectToWrite {
  return leaseObject(key, before, { leaseTransitions: before.transitions });
}

function leaseObject(
  key: ObjectKey,
  before: Lease | undefined,
  spec: Readonly<Record<string, unknown>>,
): ObjectToWrite {
  const { apiVersion, kind } = resources.leases;
  return {
    apiVersion,
    kind,
    metadata: {
      name: key.name,
      namespace: key.namespace,
      ...(before === undefined
        ? {}
        : { resourceVersion: before.resourceVersion }),
    },
    spec,
  };
}
