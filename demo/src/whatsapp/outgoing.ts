import { z } from "zod";
import type { ChatContent, Choice } from "../../console/src/whatsapp/wire.js";
import { GraphRefusal, invalidParameter } from "./graph-errors.js";
import { choicesOf, filled, findTemplate } from "./templates.js";

/**
 * What a business may send, as far as the demo's bots do.
 * Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
 */

const text = z.object({ body: z.string().min(1).max(4_096) });

const parameter = z.object({ type: z.literal("text"), text: z.string() });
const template = z.object({
  name: z.string(),
  language: z.object({ code: z.string() }),
  components: z
    .array(
      z.object({
        type: z.string(),
        parameters: z.array(parameter).default([]),
      }),
    )
    .default([]),
});

const body = z.object({ text: z.string().min(1).max(4_096) });
const replyButton = z.object({
  type: z.literal("reply"),
  reply: z.object({
    id: z.string().min(1).max(256),
    title: z.string().min(1).max(20),
  }),
});
const row = z.object({
  id: z.string().min(1).max(200),
  title: z.string().min(1).max(24),
  description: z.string().max(72).optional(),
});
const interactive = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("button"),
    body,
    action: z.object({ buttons: z.array(replyButton).min(1).max(3) }),
  }),
  z.object({
    type: z.literal("list"),
    body,
    action: z.object({
      button: z.string().min(1).max(20),
      sections: z.array(z.object({ rows: z.array(row) })).min(1),
    }),
  }),
  z.object({
    type: z.literal("cta_url"),
    body,
    action: z.object({
      parameters: z.object({ display_text: z.string(), url: z.url() }),
    }),
  }),
]);

const file = z
  .object({
    id: z.string().optional(),
    link: z.url().optional(),
    caption: z.string().optional(),
    filename: z.string().optional(),
  })
  .refine((value) => (value.id === undefined) !== (value.link === undefined), {
    error: "needs an id or a link",
  });

const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text }),
  z.object({ type: z.literal("template"), template }),
  z.object({ type: z.literal("interactive"), interactive }),
  z.object({ type: z.literal("image"), image: file }),
  z.object({ type: z.literal("audio"), audio: file }),
  z.object({ type: z.literal("video"), video: file }),
  z.object({ type: z.literal("document"), document: file }),
  z.object({ type: z.literal("sticker"), sticker: file }),
]);

const envelope = z.looseObject({
  messaging_product: z.literal("whatsapp"),
  to: z.string().optional(),
  recipient: z.string().optional(),
  context: z.object({ message_id: z.string() }).optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
});

const readReceipt = z.looseObject({
  messaging_product: z.literal("whatsapp"),
  status: z.literal("read"),
  message_id: z.string(),
  typing_indicator: z.object({ type: z.literal("text") }).optional(),
});

/** What a request to `/{phone number id}/messages` asks for. */
export type Outgoing =
  | {
      readonly ask: "read";
      readonly messageId: string;
      readonly isTyping: boolean;
    }
  | {
      readonly ask: "send";
      /** As it was given: a number with or without `+`, or a user id. */
      readonly to: string;
      readonly isUserId: boolean;
      readonly content: ChatContent;
      readonly isTemplate: boolean;
      readonly isMarketing: boolean;
      readonly replyTo: string | undefined;
      readonly callbackData: string | undefined;
    };

/**
 * Reads a request. Pure.
 * @throws GraphRefusal as Meta would refuse it
 */
export function readOutgoing(json: unknown): Outgoing {
  const receipt = readReceipt.safeParse(json);
  if (receipt.success)
    return {
      ask: "read",
      messageId: receipt.data.message_id,
      isTyping: receipt.data.typing_indicator !== undefined,
    };
  const about = parsed(envelope, json);
  const to = about.to ?? about.recipient;
  if (to === undefined) throw invalidParameter("to is required");
  const shown = contentOf(parsed(message, json));
  return {
    ask: "send",
    to,
    isUserId: about.to === undefined,
    replyTo: about.context?.message_id,
    callbackData: about.biz_opaque_callback_data,
    ...shown,
  };
}

type Message = z.output<typeof message>;
type Shown = Pick<
  Extract<Outgoing, { ask: "send" }>,
  "content" | "isTemplate" | "isMarketing"
>;

function contentOf(given: Message): Shown {
  const plain = { isTemplate: false, isMarketing: false };
  switch (given.type) {
    case "text":
      return { ...plain, content: { kind: "text", text: given.text.body } };
    case "template":
      return templateOf(given.template);
    case "interactive":
      return { ...plain, content: interactiveOf(given.interactive) };
    case "image":
      return { ...plain, content: fileOf(given.type, given.image) };
    case "audio":
      return { ...plain, content: fileOf(given.type, given.audio) };
    case "video":
      return { ...plain, content: fileOf(given.type, given.video) };
    case "document":
      return { ...plain, content: fileOf(given.type, given.document) };
    case "sticker":
      return { ...plain, content: fileOf(given.type, given.sticker) };
  }
}

function templateOf(given: z.output<typeof template>): Shown {
  const { name, language, components } = given;
  const found = findTemplate(name, language.code);
  if (found === undefined)
    throw new GraphRefusal(
      404,
      132_001,
      "Template name does not exist in the translation",
      `${name} in ${language.code}`,
    );
  const parameters = components
    .filter(({ type }) => type === "body")
    .flatMap((component) => component.parameters.map((one) => one.text));
  const words = filled(found, parameters);
  if (words === undefined)
    throw new GraphRefusal(
      400,
      132_000,
      "Number of parameters does not match the expected number of params",
      name,
    );
  const choices = choicesOf(found);
  return {
    content: { kind: "template", name, text: words, choices },
    isTemplate: true,
    isMarketing: found.isMarketing,
  };
}

function interactiveOf(given: z.output<typeof interactive>): ChatContent {
  const { text: words } = given.body;
  switch (given.type) {
    case "button": {
      const choices = given.action.buttons.map(({ reply }) => reply);
      return { kind: "buttons", text: words, choices };
    }
    case "list": {
      const { button, sections } = given.action;
      const choices = sections.flatMap(({ rows }): Choice[] => rows);
      if (choices.length === 0 || choices.length > 10)
        throw invalidParameter("a list has 1 to 10 rows");
      return { kind: "list", text: words, label: button, choices };
    }
    case "cta_url": {
      const { display_text: label, url } = given.action.parameters;
      return { kind: "link", text: words, label, url };
    }
  }
}

function fileOf(type: string, given: z.output<typeof file>): ChatContent {
  return {
    kind: "file",
    type,
    place: given.link ?? given.id ?? "",
    caption: given.caption ?? given.filename ?? "",
  };
}

function parsed<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidParameter(
    `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is wrong"}`,
  );
}
