import { z } from "zod";

/** Absent and null are the same to a reader. */
export function nullable<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/** Absent and null are the same to a reader, who may be asked for one of them only. */
export function absentable<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** What JSON can say. */
export const jsonValue = z.json();
export type JsonValue = z.output<typeof jsonValue>;

/** The position of a list: how many, and after which `next`. */
export interface PageQuery {
  readonly limit?: number;
  readonly after?: string;
}
