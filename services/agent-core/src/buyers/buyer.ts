import { z } from "zod";
import type { Identity } from "../people/fields.js";

/** Somebody who wants something. */
export interface Buyer {
  readonly buyerId: string;
  readonly phone: string | null;
  readonly userId: string | null;
  readonly name: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** A buyer nobody knew. Pure. */
export function newBuyer(buyerId: string, nowMs: number): Buyer {
  return {
    buyerId,
    phone: null,
    userId: null,
    name: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/**
 * What is known after the evidence: what is told replaces what was known; what others know the same person by fills what
 * was not. Pure.
 */
export function withEvidence(
  buyer: Buyer,
  told: {
    phone?: string | undefined;
    userId?: string | undefined;
    name?: string | undefined;
  },
  linked: readonly Identity[],
  nowMs: number,
): Buyer {
  const known = (kind: Identity["kind"]): string | undefined =>
    linked.find((one) => one.kind === kind)?.value;
  return {
    ...buyer,
    phone: told.phone ?? buyer.phone ?? known("phone") ?? null,
    userId: told.userId ?? buyer.userId ?? known("user") ?? null,
    name: told.name ?? buyer.name,
    updatedAtMs: Math.max(nowMs, buyer.updatedAtMs),
  };
}

/** Two buyers that turned out to be one person: the older one stays, and what it lacks comes from the newer one. Pure. */
export function joined(
  one: Buyer,
  other: Buyer,
): { survivor: Buyer; absorbed: Buyer } {
  const [survivor, absorbed] = isOlder(one, other)
    ? [one, other]
    : [other, one];
  return {
    absorbed,
    survivor: {
      ...survivor,
      phone: survivor.phone ?? absorbed.phone,
      userId: survivor.userId ?? absorbed.userId,
      name: survivor.name ?? absorbed.name,
    },
  };
}

/** A buyer as answers show it. */
export const buyerShape = z
  .object({
    buyerId: z
      .uuid()
      .meta({ description: "Also the id of the buyer's account" }),
    phone: z.string().nullable().meta({ description: "E.164; the last seen" }),
    userId: z.string().nullable(),
    name: z.string().nullable(),
    optedOut: z.boolean().meta({
      description:
        "Whether the registry says that nothing may go out to this person, by any number or id that they are known by",
    }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Buyer" });

/** The buyer as it is answered. Pure. */
export function shownBuyer(
  buyer: Buyer,
  optedOut: boolean,
): z.input<typeof buyerShape> {
  const { createdAtMs, updatedAtMs, ...rest } = buyer;
  return {
    ...rest,
    optedOut,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}

function isOlder(one: Buyer, other: Buyer): boolean {
  return one.createdAtMs === other.createdAtMs
    ? one.buyerId < other.buyerId
    : one.createdAtMs < other.createdAtMs;
}
