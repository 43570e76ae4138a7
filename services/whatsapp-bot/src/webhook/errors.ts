import { z } from "zod";
import { text } from "./fields.js";

const code = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);

/**
 * One of Meta's errors.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
 */
export const metaError = z
  .object({
    code,
    title: text(1_024),
    message: text(1_024),
    error_data: z
      .object({ details: text(4_096) })
      .optional()
      .catch(undefined),
  })
  .transform(({ code: number, title, message, error_data }) => ({
    code: number,
    title: title ?? message ?? "unknown",
    ...(error_data?.details === undefined
      ? {}
      : { detail: error_data.details }),
  }));
