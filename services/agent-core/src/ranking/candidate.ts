import { z } from "zod";
import { currency } from "../wallet/fields.js";
import { optional, text } from "../people/fields.js";

/** A candidate as rankings show it. */
export const candidateShape = z
  .object({
    vendorId: z.string(),
    name: z.string(),
    score: z
      .number()
      .meta({ description: "From 0 to 1; docs/ranking.md says how" }),
    price: z.int().meta({ description: "In the currency's minor unit" }),
    currency: z.string(),
    reasons: z
      .array(z.string())
      .meta({ description: "Why it stands where it stands, in words" }),
    item: z
      .string()
      .nullable()
      .meta({ description: "The catalogue's name of what is offered" }),
    area: z.string().nullable(),
  })
  .meta({ id: "Candidate" });

/** A candidate as answers show it. */
export type Candidate = z.output<typeof candidateShape>;

/** A candidate that a ranking service told of, this one or the user's own; what else it told is dropped. */
export const receivedCandidate = z.object({
  vendorId: text(128),
  name: text(512),
  score: z.number(),
  price: z.int().nonnegative(),
  currency,
  reasons: z.array(text(1_024)).max(50),
  item: optional(text(200)),
  area: optional(text(200)),
});
