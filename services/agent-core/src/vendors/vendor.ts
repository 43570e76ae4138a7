import { z } from "zod";
import { amount, currency } from "../wallet/fields.js";
import { optional, phone, text } from "../people/fields.js";

/** One thing of a vendor's catalogue. */
export interface VendorItem {
  readonly name: string;
  /** In the currency's minor unit. */
  readonly price: number;
  readonly currency: string;
}

/** Somebody who sells. */
export interface Vendor {
  readonly vendorId: string;
  readonly name: string;
  /** E.164. */
  readonly phone: string;
  readonly area: string;
  /** From 0 to 5; null while nobody has rated. */
  readonly rating: number | null;
  readonly responseSeconds: number | null;
  readonly items: readonly VendorItem[];
}

const item = z.object({ name: text(200), price: amount, currency });

/** What is told of a vendor. */
export const vendorBody = z.object({
  name: text(200),
  phone,
  area: text(200),
  rating: optional(
    z.number().min(0).max(5).meta({ description: "From 0 to 5" }),
  ),
  responseSeconds: optional(
    z.int().min(0).max(2_592_000).meta({
      description: "How long the vendor usually takes to answer",
    }),
  ),
  items: z.array(item).max(500),
});

/** A vendor as answers show it. */
export const vendorShape = z
  .object({
    vendorId: z
      .string()
      .meta({ description: "Also the id of the vendor's account" }),
    name: z.string(),
    phone: z.string(),
    area: z.string(),
    rating: z.number().nullable(),
    responseSeconds: z.int().nullable(),
    items: z.array(
      z.object({ name: z.string(), price: z.int(), currency: z.string() }),
    ),
    optedOut: z.boolean().meta({
      description: "While it is true, the vendor is in nobody's ranking",
    }),
  })
  .meta({ id: "Vendor" });

/** The vendor as it is answered. Pure. */
export function shownVendor(
  vendor: Vendor,
  optedOut: boolean,
): z.input<typeof vendorShape> {
  const items = vendor.items.map((one) => ({ ...one }));
  return { ...vendor, items, optedOut };
}
