import {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventType,
  type TopicName,
} from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import type { CallEvent } from "./call-effects.js";
import type { CallIdentity } from "./call-state.js";
import type { MediaWindow } from "./media-counters.js";

/** Takes an event and never waits, never throws: see SpooledPublisher. */
export interface EventSink {
  publish(topic: TopicName, event: EasymoEvent): void;
}

const SOURCE = "/voice-bridge";

/** What was captured of a caller's wish by the agent's tool. */
export interface CapturedIntent {
  readonly intentId: string;
  readonly name: string;
  readonly confidence: number;
  readonly slots: Record<string, JsonValue>;
  readonly language: string;
}

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What is told of calls: each event with what all events of a call have. */
export class CallEvents {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(sink: EventSink, clock: Clock, logger: Logger) {
    this.#sink = sink;
    this.#clock = clock;
    this.#logger = logger;
  }

  publish(identity: CallIdentity, event: CallEvent): void {
    // The replica that dialled has told of an outbound call already.
    if (event.type === "call.start" && identity.direction === "outbound")
      return;
    this.#guarded(identity, event.type, () => this.#make(identity, event));
  }

  /** An outbound call is dialled: its start, told by whoever dials. */
  dialled(identity: CallIdentity): void {
    this.#guarded(identity, "call.start", () =>
      this.#make(identity, {
        type: "call.start",
        once: true,
        data: { direction: identity.direction, channel: identity.channel },
      }),
    );
  }

  /** An outbound call that nobody took. */
  notAnswered(identity: CallIdentity, reason: string): void {
    this.#guarded(identity, "call.stop", () =>
      this.#make(identity, {
        type: "call.stop",
        once: true,
        data: {
          reason,
          durationMs: 0,
          usage: {},
          latency: { turns: 0, p50: null, p95: null, max: null },
        },
      }),
    );
  }

  intentCaptured(identity: CallIdentity, intent: CapturedIntent): void {
    this.#guarded(identity, "intent.captured", () => {
      const { to: _to, ...common } = this.#common(identity);
      return createEvent(
        "intent.captured",
        this.#init(
          identity,
          {
            ...common,
            ...intent,
            channel: "voice",
            contact: identity.person ?? identity.callId,
          },
          deriveEventId("intent.captured", identity.callId, intent.intentId),
        ),
      );
    });
  }

  sample(identity: CallIdentity, windowMs: number, window: MediaWindow): void {
    this.#guarded(identity, "media.sample", () =>
      createEvent(
        "media.sample",
        this.#init(identity, {
          ...this.#common(identity),
          windowMs,
          ...window,
        }),
      ),
    );
  }

  /** The payment code as a WhatsApp message to the caller. */
  paymentMessage(
    identity: CallIdentity,
    phone: string,
    paymentId: string,
    text: string,
  ): void {
    this.#guarded(identity, "message.send", () =>
      createEvent(
        "message.send",
        this.#init(
          identity,
          {
            tenantId: identity.tenantId,
            agent: identity.agent.name,
            at: this.#now(),
            userId: phone,
            phone,
            to: phone,
            purpose: "payment",
            dedupeKey: `payment:${paymentId}`,
            kind: "text",
            text,
          },
          deriveEventId("message.send", identity.tenantId, paymentId),
        ),
      ),
    );
  }

  #make(identity: CallIdentity, event: CallEvent): EasymoEvent {
    const common = this.#common(identity);
    const id =
      event.once === true
        ? deriveEventId(event.type, identity.callId)
        : undefined;
    switch (event.type) {
      case "call.start":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.connected":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.dtmf":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.opt_out":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.payment_prompt":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.transfer":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "call.stop":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "media.transcript":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
      case "media.turn":
        return createEvent(
          event.type,
          this.#init(identity, { ...common, ...event.data }, id),
        );
    }
  }

  #common(identity: CallIdentity) {
    return {
      callId: identity.callId,
      tenantId: identity.tenantId,
      ...(identity.from === "" ? {} : { from: identity.from }),
      ...(identity.to === "" ? {} : { to: identity.to }),
      agent: identity.agent.name,
      at: this.#now(),
    };
  }

  #init<D>(identity: CallIdentity, data: D, id?: string) {
    return {
      ...(id === undefined ? {} : { id }),
      data,
      tenantId: identity.tenantId,
      source: SOURCE,
      subject: identity.callId,
      requestId: identity.requestId,
      ...(identity.traceparent === undefined
        ? {}
        : { traceparent: identity.traceparent }),
    };
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  /** A value from outside that no event can carry must not end the call. */
  #guarded(
    identity: CallIdentity,
    type: EventType,
    make: () => EasymoEvent,
  ): void {
    try {
      this.#sink.publish(topicFor(type), make());
    } catch (error) {
      this.#logger.error(
        { err: error, type, callId: identity.callId },
        "event could not be made",
      );
    }
  }
}

function topicFor(type: EventType): TopicName {
  if (type.startsWith("media.")) return "voice.media.events";
  if (type === "message.send") return "whatsapp.outbound";
  return "voice.contact.events";
}
