import { intentByRules, type Intent } from "@easymo/intent-rules";
import {
  createEvent,
  deriveEventId,
  recordOf,
  type Bus,
  type EasymoEvent,
  type EventEnvelope,
} from "@easymo/messaging";
import { detectOptIn, detectOptOut } from "@easymo/opt-out-lexicon";
import type { Agent, RoutingTable } from "@easymo/routing";
import type { Logger } from "@easymo/service-kit";
import type { Transcriber } from "../media/transcriber.js";
import type { BotMetrics } from "../metrics.js";
import { personRef, type People } from "../people.js";
import { GraphError, type GraphClient } from "../sending/graph-client.js";
import { consentInText } from "../webhook/events.js";
import type { IntentModel } from "./model.js";

export interface UnderstandingDeps {
  readonly bus: Bus;
  readonly graph: GraphClient;
  /** Absent when no model is configured. */
  readonly model: IntentModel | undefined;
  readonly transcriber: Transcriber | undefined;
  readonly people: People;
  readonly metrics: BotMetrics;
  readonly logger: Logger;
  routing(): RoutingTable;
}

type Received = EventEnvelope<"message.received">;

const SOURCE = "/whatsapp-bot/understanding";
/** Source: https://platform.openai.com/docs/guides/speech-to-text (file uploads) */
const MAX_AUDIO_BYTES = 25 * 1024 * 1024;
const MAX_TEXT = 65_536;

/** Makes of a message what it says (of a voice note, its words) and what it asks for. */
export class Understanding {
  readonly #deps: UnderstandingDeps;

  constructor(deps: UnderstandingDeps) {
    this.#deps = deps;
  }

  async handle(event: EasymoEvent): Promise<void> {
    if (event.type !== "message.received") return;
    const { data, tenantId } = event;
    if (data.agent === undefined || data.kind === "system") return;
    // Said to a group, it is not asked of us.
    if (data.groupId !== undefined) return;
    const agent = this.#deps.routing().findAgent(tenantId, data.agent);
    if (agent === undefined) return;
    if (data.kind === "audio" && data.text === undefined)
      await this.#transcribe(event, agent);
    else if (data.text !== undefined)
      await this.#capture(event, agent, data.text);
  }

  /** What was said comes as an event of its own, of the same message: the first is in Kafka before anyone listened to it. */
  async #transcribe(event: Received, agent: Agent): Promise<void> {
    const { transcriber, graph, bus, people } = this.#deps;
    const { data, tenantId, requestId } = event;
    if (transcriber === undefined || data.media === undefined) return;
    let text: string;
    try {
      const { bytes, mimeType } = await graph.media(data.media.id, {
        maxBytes: MAX_AUDIO_BYTES,
      });
      const said = await transcriber.transcribe({
        bytes,
        mimeType: mimeType ?? data.media.mimeType,
      });
      text = said.trim().slice(0, MAX_TEXT).toWellFormed();
    } catch (error) {
      // It stays what it is: audio. What may pass is tried again.
      if (!(error instanceof GraphError) || error.retryable) throw error;
      this.#deps.logger.warn({ err: error }, "a voice note cannot be fetched");
      return;
    }
    if (text === "") return;
    const envelope = { tenantId, requestId, source: SOURCE };
    const events: EasymoEvent[] = [
      createEvent("message.received", {
        ...envelope,
        id: deriveEventId("whatsapp", data.messageId, "transcript"),
        subject: data.messageId,
        data: { ...data, text, transcribed: true },
      }),
    ];
    const consent = consentInText(text, {
      phrases: agent.optOut.phrases,
      messageId: data.messageId,
      via: "text",
    });
    if (consent !== undefined) {
      const { userId, phone, to, at } = data;
      if (consent.type === "message.opt_out")
        await people.stopped(tenantId, personRef(data));
      events.push(
        createEvent(consent.type, {
          ...envelope,
          id: deriveEventId("whatsapp", data.messageId, consent.type),
          data: {
            tenantId,
            userId,
            at,
            agent: agent.name,
            ...(phone === undefined ? {} : { phone }),
            ...(to === undefined ? {} : { to }),
            ...consent.data,
          },
        }),
      );
    }
    await bus.publish(events.map((one) => recordOf("whatsapp.inbound", one)));
  }

  async #capture(event: Received, agent: Agent, text: string): Promise<void> {
    const { phrases } = agent.optOut;
    // That is consent's, and nothing to be sold to.
    if (detectOptOut(text, { phrases }) !== undefined) return;
    if (detectOptIn(text) !== undefined) return;
    const found = await this.#intentOf(text, agent);
    if (found === undefined) return;
    const { data, tenantId, requestId } = event;
    const { intent, by } = found;
    const intentId = deriveEventId("whatsapp", data.messageId, "intent");
    await this.#deps.bus.publishEvent(
      "whatsapp.inbound",
      createEvent("intent.captured", {
        tenantId,
        requestId,
        source: SOURCE,
        id: intentId,
        subject: data.messageId,
        data: {
          tenantId,
          intentId,
          userId: data.userId,
          from: data.phone ?? data.userId,
          agent: agent.name,
          at: data.at,
          name: intent.name,
          confidence: intent.confidence,
          slots: { ...intent.slots },
          language: intent.language,
          channel: "whatsapp",
          contact: data.phone ?? data.userId,
          ...(data.to === undefined ? {} : { to: data.to }),
        },
      }),
    );
    this.#deps.metrics.intents.inc({ by });
  }

  /** Rules first, then the model when there is one; what the rules found stands when the model fails. */
  async #intentOf(
    text: string,
    agent: Agent,
  ): Promise<{ intent: Intent; by: "rules" | "model" } | undefined> {
    const byRules = intentByRules(text);
    const { model, logger } = this.#deps;
    if (model !== undefined) {
      try {
        const intent = await model.intentOf(text, agent);
        if (intent !== undefined) return { intent, by: "model" };
      } catch (error) {
        logger.warn({ err: error }, "the model found no intent; rules do");
      }
    }
    return byRules === undefined ? undefined : { intent: byRules, by: "rules" };
  }
}
