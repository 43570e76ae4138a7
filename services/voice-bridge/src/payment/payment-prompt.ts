import { z } from "zod";
import { language } from "../call/language.js";

/** What agent-core's collect-payment gave, and how far its telling is. */
export const paymentPrompt = z.object({
  paymentId: z.string(),
  method: z.enum(["momo_ussd", "payment_link", "manual"]),
  region: z.string(),
  amount: z.number(),
  currency: z.string(),
  ussd: z.string().optional(),
  url: z.string().optional(),
  language,
  /** What the caller is told, word by word. */
  spoken: z.string(),
  /** How often it was said for the digits' sake; not counting the caller's own `*`. */
  attempts: z.int().min(0),
  /** It was said as it is, or often enough, or the caller cut it off. */
  told: z.boolean(),
});
export type PaymentPrompt = z.infer<typeof paymentPrompt>;

/** A code that was misread this often is not read again: it goes on by WhatsApp. */
export const MAX_READINGS = 3;
