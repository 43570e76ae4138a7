import { z } from "zod";

const maxPage = 200;
/** How much a page has when nobody says how much. */
export const defaultPage = 50;

/** How many of a list are asked for. */
export const pageLimit = z
  .string()
  .regex(/^\d{1,3}$/, `must be a number from 1 to ${maxPage}`)
  .transform(Number)
  .refine(
    (count) => count >= 1 && count <= maxPage,
    `must be a number from 1 to ${maxPage}`,
  );

/** The `next` of an answer. */
export const nextPage = z.string().nullable().meta({
  description: "The `after` of the next page; null on the last",
});
