import { z } from "zod";
import type { ChatRequest } from "../../console/src/whatsapp/wire.js";

const MAX_TEXT_LENGTH = 4_096;
/** Long enough for a paragraph; a synthesizer is not fed a book. */
const MAX_SPOKEN_LENGTH = 1_000;

const id = z.string().min(1).max(512);
const owner = z
  .object({
    name: z.string().trim().min(1, "is empty").max(120),
    phone: z
      .string()
      .regex(/^\+[1-9]\d{6,14}$/, "is no number, such as +250788123456")
      .optional(),
    userId: z
      .string()
      .regex(/^[\w.-]{3,128}$/, "is no user id, such as RW.1349120865530274")
      .optional(),
  })
  .refine(({ phone, userId }) => phone !== undefined || userId !== undefined, {
    error: "needs a number or a user id",
  });

const schema: z.ZodType<ChatRequest> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("open"), business: id, owner }),
  z.object({
    type: z.literal("text"),
    text: z.string().trim().min(1).max(MAX_TEXT_LENGTH),
  }),
  z.object({
    type: z.literal("voice"),
    text: z.string().trim().min(1).max(MAX_SPOKEN_LENGTH),
    language: z.enum(["en", "fr", "rw", "sw"]),
  }),
  z.object({
    type: z.literal("location"),
    latitude: z.number().min(-90).max(90),
    longitude: z.number().min(-180).max(180),
    name: z.string().max(200),
  }),
  z.object({ type: z.literal("press"), messageId: id, choiceId: id }),
  z.object({
    type: z.literal("react"),
    messageId: id,
    emoji: z.string().max(32),
  }),
  z.object({ type: z.literal("offers"), wanted: z.boolean() }),
  z.object({ type: z.literal("power"), on: z.boolean() }),
  z.object({ type: z.literal("seen") }),
]);

/** What the page asks of its telephone, or a sentence saying what is wrong. */
export function readChatRequest(text: string): ChatRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "The message is not JSON.";
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.at(-1)?.toString() ?? "The message";
  return `${field} ${issue?.message ?? "is wrong"}.`;
}
