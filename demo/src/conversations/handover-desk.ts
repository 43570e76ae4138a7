import { randomUUID } from "node:crypto";
import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { Conversation } from "@easymo/broker-orchestrator";
import { type Bus, createEvent } from "@easymo/messaging";
import { type Clock, Problem, requestContext } from "@easymo/service-kit";
import { z } from "zod";
import type { ConversationBook } from "./conversation-book.js";

/** What a colleague does with a conversation that was handed to them. */
export const handoverOrder = z.discriminatedUnion("what", [
  z.strictObject({
    what: z.literal("write"),
    conversation: z.string().min(1),
    text: z.string().trim().min(1).max(1_024),
  }),
  z.strictObject({
    what: z.literal("hand-back"),
    conversation: z.string().min(1),
  }),
]);
export type HandoverOrder = z.infer<typeof handoverOrder>;

const MAX_NOTES_CHARACTERS = 4_000;

/** The people to whom conversations are handed over: they write, and hand back. */
export class HandoverDesk {
  readonly #agentCore: AgentCoreClient;
  readonly #bus: Bus;
  readonly #book: ConversationBook;
  readonly #clock: Clock;
  /** What was written in each handover. */
  readonly #written = new Map<string, string[]>();

  constructor(options: {
    agentCore: AgentCoreClient;
    bus: Bus;
    book: ConversationBook;
    clock: Clock;
  }) {
    this.#agentCore = options.agentCore;
    this.#bus = options.bus;
    this.#book = options.book;
    this.#clock = options.clock;
  }

  /** Rejects with a Problem when nobody has the conversation. */
  async order(order: HandoverOrder): Promise<void> {
    const conversation = this.#book.find(order.conversation);
    const id = conversation?.handover?.handoverId;
    if (conversation === undefined || id === undefined)
      throw new Problem({
        status: 404,
        code: "unknown_handover",
        title: "Nobody has this conversation",
      });
    if (order.what === "write") await this.#write(conversation, id, order.text);
    else await this.#handBack(conversation, id);
  }

  async #write(
    conversation: Conversation,
    handoverId: string,
    text: string,
  ): Promise<void> {
    const { tenantId, names, agent, whatsapp } = conversation;
    const to = names.phone ?? names.userId ?? "";
    const event = createEvent("message.send", {
      tenantId,
      source: "/demo/console",
      requestId: requestContext()?.requestId ?? randomUUID(),
      data: {
        tenantId,
        to,
        kind: "text",
        text,
        purpose: "reply",
        dedupeKey: `desk:${randomUUID()}`,
        at: new Date(this.#clock.now()).toISOString(),
        ...(agent === undefined ? {} : { agent }),
        ...(names.userId === undefined ? {} : { userId: names.userId }),
        ...(whatsapp?.phoneNumberId === undefined
          ? {}
          : { phoneNumberId: whatsapp.phoneNumberId }),
      },
    });
    await this.#bus.publishEvent("whatsapp.outbound", event);
    const written = this.#written.get(handoverId) ?? [];
    this.#written.set(handoverId, [...written, text]);
  }

  /** The agent is told what was written meanwhile. */
  async #handBack(
    { id, tenantId }: Conversation,
    handoverId: string,
  ): Promise<void> {
    const notes = (this.#written.get(handoverId) ?? [])
      .join("\n")
      .slice(-MAX_NOTES_CHARACTERS);
    await this.#agentCore
      .forTenant(tenantId)
      .handBack(handoverId, notes === "" ? {} : { notes }, {
        idempotencyKey: `hand-back:${handoverId}`,
      });
    this.#written.delete(handoverId);
    this.#book.handedBack(id, handoverId);
  }
}
