import type { AgentCoreClient } from "@easymo/agent-core-client";
import type { EasymoEvent, KeyValueStore } from "@easymo/messaging";
import type { Logger } from "@easymo/service-kit";
import { standingOf } from "../consent/standing.js";
import { personRef, type People } from "../people.js";
import type { GraphClient } from "../sending/graph-client.js";
import { consentInText } from "../webhook/events.js";
import { receiptFor } from "./receipt.js";

export interface ReceiptsDeps {
  readonly graph: GraphClient;
  readonly agentCore: AgentCoreClient;
  readonly people: People;
  readonly keyValue: KeyValueStore;
  readonly logger: Logger;
}

const ONCE_MS = 24 * 3_600_000;

/** Shows people that what they wrote was read, and, while an answer is being made, that someone is typing. */
export class Receipts {
  readonly #deps: ReceiptsDeps;

  constructor(deps: ReceiptsDeps) {
    this.#deps = deps;
  }

  /** Never rejects: nothing depends on a receipt. */
  async handle(event: EasymoEvent): Promise<void> {
    if (event.type !== "message.received") return;
    const { data } = event;
    const { phoneNumberId } = data;
    if (phoneNumberId === undefined) return;
    try {
      const receipt = receiptFor({
        kind: data.kind,
        isGroup: data.groupId !== undefined,
        isRepeat: data.transcribed === true,
        isConsent:
          data.text !== undefined &&
          consentInText(data.text, {
            phrases: [],
            messageId: data.messageId,
            via: "text",
          }) !== undefined,
        optedOut: (await standingOf(event, personRef(data), this.#deps))
          .optedOut,
      });
      if (receipt === "none") return;
      if (await this.#claim(data.messageId))
        await this.#deps.graph.markRead(phoneNumberId, data.messageId, {
          isTyping: receipt === "read_and_typing",
        });
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "not marked as read");
    }
  }

  /** Before an answer goes out: marks what it answers as read if nothing did yet, and no typing is shown after it. Never rejects. */
  async beforeAnswer(phoneNumberId: string, messageId: string): Promise<void> {
    const { graph, logger } = this.#deps;
    try {
      if (await this.#claim(messageId))
        await graph.markRead(phoneNumberId, messageId, { isTyping: false });
    } catch (error) {
      logger.warn({ err: error }, "not marked as read");
    }
  }

  /** True once per message, over all replicas. */
  #claim(messageId: string): Promise<boolean> {
    return this.#deps.keyValue.setIfAbsent(`whatsapp:read:${messageId}`, "1", {
      ttlMs: ONCE_MS,
    });
  }
}
