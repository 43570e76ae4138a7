import {
  createRecord,
  deriveEventId,
  type Bus,
  type EventType,
} from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import { contactOf, type Conversation } from "../conversation/state.js";
import { SOURCE } from "../effects/executor.js";
import type { EventWork } from "./event-work.js";

/** After which events it is said that a conversation went on. */
const told = new Set<EventType>([
  "message.received",
  "message.opt_out",
  "message.opt_in",
  "intent.captured",
  "call.start",
  "call.opt_out",
  "call.payment_prompt",
  "call.stop",
  "sip.ringing",
]);

interface Notice {
  conversation: Conversation;
  last: EventWork;
  readonly works: EventWork[];
}

/** `conversation.updated`, once for each conversation and round; an event waits for the one that tells of it. */
export class Notices {
  readonly #bus: Bus;
  readonly #clock: Clock;
  #notices = new Map<string, Notice>();

  constructor(options: { bus: Bus; clock: Clock }) {
    this.#bus = options.bus;
    this.#clock = options.clock;
  }

  add(work: EventWork, conversation: Conversation, home: string): void {
    if (!told.has(work.event.type)) return;
    work.begin();
    const known = this.#notices.get(home);
    if (known === undefined) {
      this.#notices.set(home, { conversation, last: work, works: [work] });
      return;
    }
    known.conversation = conversation;
    known.last = work;
    known.works.push(work);
  }

  flush(): void {
    if (this.#notices.size === 0) return;
    const notices = [...this.#notices.values()];
    this.#notices = new Map();
    const at = new Date(this.#clock.now()).toISOString();
    const records = notices.map((notice) => updated(notice, at));
    const end = (failure?: unknown): void => {
      for (const { works } of notices)
        for (const work of works) work.end(failure);
    };
    this.#bus.publish(records).then(() => end(), end);
  }
}

function updated({ conversation, last }: Notice, at: string) {
  const { tenantId, names, agent, channels, lastChannel, turns, id } =
    conversation;
  const { event } = last;
  return createRecord("broker.outbound", "conversation.updated", {
    id: deriveEventId("conversation.updated", tenantId, event.id),
    tenantId,
    source: SOURCE,
    requestId: event.requestId,
    ...(event.traceparent === undefined
      ? {}
      : { traceparent: event.traceparent }),
    data: {
      tenantId,
      contact: contactOf(conversation),
      at,
      conversationId: id,
      channels: [...channels],
      lastChannel: lastChannel ?? "voice",
      lastEventId: event.id,
      lastEventType: event.type,
      turns,
      ...(names.phone === undefined ? {} : { phone: names.phone }),
      ...(names.userId === undefined ? {} : { userId: names.userId }),
      ...(agent === undefined ? {} : { agent }),
    },
  });
}
