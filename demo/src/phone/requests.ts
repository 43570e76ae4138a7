import { z } from "zod";
import type { PhoneRequest } from "../../console/src/wire.js";

/** Long enough for a paragraph; a synthesizer is not fed a book. */
const MAX_TEXT_LENGTH = 1000;

const number = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, "is no telephone number, such as +250788123456");
const callId = z.string().regex(/^CA[0-9a-f]{32}$/);
const language = z.enum(["en", "fr", "rw", "sw"]);

const schema: z.ZodType<PhoneRequest> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("dial"), from: number, to: number }),
  z.object({ type: z.literal("answer"), callId }),
  z.object({ type: z.literal("decline"), callId }),
  z.object({
    type: z.literal("say"),
    text: z.string().trim().min(1).max(MAX_TEXT_LENGTH),
    language,
  }),
  z.object({ type: z.literal("interrupt"), language }),
  z.object({ type: z.literal("press"), digit: z.string().regex(/^[0-9*#]$/) }),
  z.object({ type: z.literal("hangup") }),
]);

/** What the page asks of its telephone, or a sentence saying what is wrong. */
export function readPhoneRequest(text: string): PhoneRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "The message is not JSON.";
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  return `${field === "" ? "The message" : field} ${issue?.message ?? "is wrong"}.`;
}
