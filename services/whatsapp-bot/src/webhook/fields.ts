import { z } from "zod";

/** A text of Meta's, made fit for what comes after: no NUL, no half characters, not longer than its field. */
export function clean(text: string, maxLength: number): string {
  return text.replaceAll("\u0000", "").toWellFormed().slice(0, maxLength);
}

/** Text that is cut to its field's length; absent when it is no text or empty. */
export function text(maxLength: number) {
  return z
    .string()
    .transform((value) => clean(value, maxLength).toWellFormed() || undefined)
    .optional()
    .catch(undefined);
}

/** An id, which cannot be cut without being another one. */
export const id = z
  .string()
  .min(1)
  .max(512)
  .refine((value) => clean(value, 512) === value);
export const optionalId = id.optional().catch(undefined);

/** Text that must be there. */
export function requiredText(maxLength: number) {
  return z
    .string()
    .transform((value) => clean(value, maxLength))
    .pipe(z.string().min(1));
}

const LATEST_SECONDS = 253_402_300_799;

/** Unix seconds, as text or as a number, in milliseconds; undefined when they are no time. */
export const unixSeconds = z
  .union([z.string().regex(/^\d{1,12}$/), z.int()])
  .transform(Number)
  .pipe(z.number().min(1).max(LATEST_SECONDS))
  .transform((seconds) => seconds * 1_000)
  .optional()
  .catch(undefined);

/** A number of WhatsApp's (digits, with the country's code) in E.164; undefined when it is none. Pure. */
export function e164Of(waId: string | undefined): string | undefined {
  if (waId === undefined) return undefined;
  const digits = waId.replace(/^\+/, "");
  return /^[1-9]\d{5,14}$/.test(digits) ? `+${digits}` : undefined;
}

/** Every element that has the shape, and how many had not. */
export function elements<T extends z.ZodType>(
  schema: T,
  values: unknown,
): { good: z.output<T>[]; bad: number } {
  if (values === undefined || values === null) return { good: [], bad: 0 };
  if (!Array.isArray(values)) return { good: [], bad: 1 };
  const good: z.output<T>[] = [];
  for (const value of values) {
    const parsed = schema.safeParse(value);
    if (parsed.success) good.push(parsed.data);
  }
  return { good, bad: values.length - good.length };
}
