import { z } from "zod";
import { type JsonValue, nullable } from "../fields.js";

/**
 * The answers of the ranking service. Only what the contract promises is required, for it may be a server of the user's
 * own.
 */

export const candidateSchema = z
  .object({
    vendorId: z.string().min(1),
    /** The vendor's id, of a server that gives no names. */
    name: nullable(z.string()),
    /** From 0 to 1 in the reference implementation; higher is better. */
    score: otherwise(z.number(), 0),
    /** In the currency's minor unit; 0 when the server does not tell. */
    price: otherwise(z.int(), 0),
    /** ISO 4217; empty when the server does not tell. */
    currency: otherwise(z.string(), ""),
    /** Why it stands where it stands, in words. */
    reasons: otherwise(z.array(z.string()), []),
    /** The catalogue's name of what is offered. */
    item: nullable(z.string()),
    area: nullable(z.string()),
  })
  .transform((candidate) => ({
    ...candidate,
    name: candidate.name ?? candidate.vendorId,
  }));

/** What a server of the user's own may leave out. */
function otherwise<T extends z.ZodType>(schema: T, value: z.output<T>) {
  return schema.nullish().transform((given) => given ?? value);
}

const vendorItemSchema = z.object({
  name: z.string(),
  price: z.int(),
  currency: z.string(),
});

const vendorSchema = z.object({
  vendorId: z.string().min(1),
  name: z.string(),
  phone: nullable(z.string()),
  area: nullable(z.string()),
  /** From 0 to 5; null while nobody has rated. */
  rating: nullable(z.number()),
  responseSeconds: nullable(z.number()),
  items: z.array(vendorItemSchema),
  /** Null when the server does not tell. */
  optedOut: nullable(z.boolean()),
});

export const rankingAnswer = z.object({
  /** Null of a server that does not number its rankings. */
  rankingId: nullable(z.string().min(1)),
  /** The best first; none for somebody who opted out. */
  candidates: z.array(candidateSchema),
});
export const vendorAnswer = z.object({ vendor: vendorSchema });
export const vendorsAnswer = z.object({
  vendors: z.array(vendorSchema),
  next: nullable(z.string()),
});

export type Candidate = z.output<typeof candidateSchema>;
export interface Ranking {
  readonly rankingId: string;
  readonly candidates: Candidate[];
}
export type Vendor = z.output<typeof vendorSchema>;
export type VendorItem = z.output<typeof vendorItemSchema>;
export type VendorsPage = z.output<typeof vendorsAnswer>;

/** What a person wants, as `intent.captured` has it. */
export interface RankBody {
  readonly intentId: string;
  readonly name: string;
  readonly slots: Readonly<Record<string, JsonValue>>;
  /** E.164, or the user id when no number is known. */
  readonly contact: string;
  readonly limit?: number;
}

export interface VendorBody {
  readonly name: string;
  readonly phone: string;
  readonly area: string;
  /** From 0 to 5. */
  readonly rating?: number;
  /** How long the vendor usually takes to answer. */
  readonly responseSeconds?: number;
  readonly items: readonly VendorItem[];
}
