import { randomBytes } from "node:crypto";
import type { Clock } from "@easymo/service-kit";
import type {
  ChatContent,
  ChatMessage,
  Owner,
} from "../../console/src/whatsapp/wire.js";
import { Chat } from "./chat.js";
import {
  type LateFailure,
  invalidParameter,
  offersUnwanted,
  windowClosed,
} from "./graph-errors.js";
import type { Outgoing } from "./outgoing.js";
import type { WebhookSender } from "./webhook-sender.js";
import {
  messageWebhook,
  preferenceWebhook,
  statusWebhook,
  waIdOf,
} from "./webhooks.js";

/** What the Graph API answers to a message that it took. */
export interface Accepted {
  readonly waId: string;
  readonly messageId: string;
}

type Status = "sent" | "delivered" | "read" | "failed";
type Send = Extract<Outgoing, { ask: "send" }>;
type Read = Extract<Outgoing, { ask: "read" }>;

/**
 * WhatsApp between the telephones of the console and the bot: everything that
 * people do becomes a signed webhook, everything that the bot sends a message,
 * whose way is told back in webhooks too.
 */
export class WhatsAppNetwork {
  readonly #webhooks: WebhookSender;
  readonly #clock: Clock;
  readonly #chats: Chat[] = [];

  constructor(options: { webhooks: WebhookSender; clock: Clock }) {
    this.#webhooks = options.webhooks;
    this.#clock = options.clock;
  }

  /** The chat of a person with a business, begun when there is none. */
  chatOf(business: string, owner: Owner): Chat {
    const known = this.#chats.find(
      (chat) =>
        chat.business === business &&
        (isSame(chat.owner.phone, owner.phone) ||
          isSame(chat.owner.userId, owner.userId)),
    );
    if (known !== undefined) return known;
    const chat = new Chat(business, owner);
    this.#chats.push(chat);
    return chat;
  }

  /**
   * A person sends something: shown at once, and told to the bot.
   * @param meta the message as Meta writes it, by its type
   */
  send(
    chat: Chat,
    meta: Readonly<Record<string, unknown>>,
    shown?: { readonly content: ChatContent; readonly replyTo?: string },
  ): void {
    const id = newMessageId();
    const atMs = this.#clock.now();
    const replyTo = shown?.replyTo;
    if (shown !== undefined) {
      const { content } = shown;
      chat.add({ id, from: "owner", atMs, ticks: "sent", content, replyTo });
    }
    void chat.then(async () => {
      const webhook = messageWebhook(chat, { id, atMs, replyTo }, meta);
      if (await this.#deliver(chat, `message, ${String(meta.type)}`, webhook))
        this.#advance(chat, id, "delivered");
    });
  }

  /** A person wants no more offers, or wants them again. */
  setOffers(chat: Chat, wanted: boolean): void {
    if (chat.offers === wanted) return;
    chat.offers = wanted;
    const atMs = this.#clock.now();
    void chat.then(async () => {
      const webhook = preferenceWebhook(chat, { wanted, atMs });
      await this.#deliver(chat, "preference", webhook);
    });
  }

  /** A telephone is on, or was opened: what waited for it arrives. */
  reached(chat: Chat): void {
    if (!chat.isReachable) return;
    for (const { id } of chat.businessMessagesAt("sent"))
      this.#status(chat, id, "delivered");
  }

  /** The person looks at the chat. */
  seen(chat: Chat): void {
    // A message is delivered before it is read: after what is under way.
    void chat.then(() => {
      for (const { id } of chat.businessMessagesAt("delivered"))
        this.#status(chat, id, "read");
      return Promise.resolve();
    });
  }

  /** The bot has read a person's message, and perhaps writes an answer. */
  readByBusiness({ messageId, isTyping }: Read, body: unknown): void {
    const chat = this.#chats.find((one) => one.find(messageId) !== undefined);
    if (chat === undefined)
      throw invalidParameter(`there is no message ${messageId}`);
    this.#tellRequest(chat, "read", body);
    this.#advance(chat, messageId, "read");
    if (isTyping) chat.tell({ type: "typing" });
  }

  /**
   * The bot sends something.
   * @param body the request that it came in
   */
  take(business: string, outgoing: Send, body: unknown): Accepted {
    const { to, isUserId, content, replyTo, callbackData } = outgoing;
    const phone = `+${waIdOf(to)}`;
    const chat = this.chatOf(
      business,
      isUserId ? { name: to, userId: to } : { name: phone, phone },
    );
    this.#tellRequest(chat, content.kind, body);
    const id = newMessageId();
    const nowMs = this.#clock.now();
    const failure = failureOf(chat, outgoing, nowMs);
    chat.add(
      {
        id,
        from: "business",
        atMs: nowMs,
        ticks: "waiting",
        content,
        replyTo,
        failure: failure?.title,
      },
      callbackData,
    );
    if (failure === undefined) {
      this.#status(chat, id, "sent");
      void chat.then(() => {
        this.reached(chat);
        return Promise.resolve();
      });
    } else this.#status(chat, id, "failed", failure);
    return { waId: isUserId ? to : waIdOf(to), messageId: id };
  }

  /** Tells the bot how far its message is; the tick shows once it knows. */
  #status(
    chat: Chat,
    messageId: string,
    status: Status,
    failure?: LateFailure,
  ): void {
    void chat.then(async () => {
      const known = chat.find(messageId)?.ticks ?? "failed";
      if (order.indexOf(status) <= order.indexOf(known)) return;
      const webhook = statusWebhook(chat, {
        messageId,
        status,
        atMs: this.#clock.now(),
        callbackData: chat.callbackDataOf(messageId),
        ...(failure === undefined ? {} : { failure }),
      });
      if (await this.#deliver(chat, `status, ${status}`, webhook))
        this.#advance(chat, messageId, status);
    });
  }

  #deliver(chat: Chat, what: string, webhook: unknown): Promise<boolean> {
    return this.#webhooks.deliver(webhook, (sent) =>
      chat.tellExchange({
        direction: "webhook",
        what,
        atMs: this.#clock.now(),
        ...sent,
      }),
    );
  }

  #tellRequest(chat: Chat, what: string, body: unknown): void {
    chat.tellExchange({
      direction: "graph",
      what,
      atMs: this.#clock.now(),
      status: 200,
      signature: "",
      body: JSON.stringify(body),
    });
  }

  /** Ticks only ever grow: the bot may read a message before its webhook is answered. */
  #advance(chat: Chat, messageId: string, ticks: ChatMessage["ticks"]): void {
    const known = chat.find(messageId);
    if (known === undefined) return;
    if (order.indexOf(ticks) > order.indexOf(known.ticks))
      chat.change(messageId, { ticks });
  }
}

const order: readonly ChatMessage["ticks"][] = [
  "waiting",
  "sent",
  "delivered",
  "read",
  "failed",
];

/** Why Meta takes a message and does not bring it. Pure. */
function failureOf(
  chat: Chat,
  { isTemplate, isMarketing }: Send,
  nowMs: number,
): LateFailure | undefined {
  if (isMarketing && !chat.offers) return offersUnwanted;
  return isTemplate || chat.isWindowOpen(nowMs) ? undefined : windowClosed;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && one === other;
}

function newMessageId(): string {
  return `wamid.${randomBytes(18).toString("base64url")}`;
}
