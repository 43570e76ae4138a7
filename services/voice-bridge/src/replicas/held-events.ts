import type { EasymoEvent, TopicName } from "@easymo/messaging";
import type { EventSink } from "../call/call-events.js";

/**
 * Keeps the events of a call back while it is not known whether the call is
 * this replica's: its audio does not wait for that, but nobody is told of it.
 */
export class HeldEvents implements EventSink {
  readonly #sink: EventSink;
  readonly #held = new Map<string, [TopicName, EasymoEvent][]>();

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  publish(topic: TopicName, event: EasymoEvent): void {
    const held =
      event.subject === undefined ? undefined : this.#held.get(event.subject);
    if (held === undefined) this.#sink.publish(topic, event);
    else held.push([topic, event]);
  }

  hold(callId: string): void {
    if (!this.#held.has(callId)) this.#held.set(callId, []);
  }

  /** Tells all that was kept back, in its order. */
  release(callId: string): void {
    const held = this.#held.get(callId) ?? [];
    this.#held.delete(callId);
    for (const [topic, event] of held) this.#sink.publish(topic, event);
  }

  drop(callId: string): void {
    this.#held.delete(callId);
  }
}
