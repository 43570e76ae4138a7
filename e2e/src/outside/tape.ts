import {
  createBus,
  decodeEvent,
  topicNames,
  type Bus,
  type EasymoEvent,
  type EventType,
} from "@easymo/messaging";
import type { Logger, Metrics } from "@easymo/service-kit";
import { until } from "@easymo/testbed";

type EventOf<T extends EventType> = Extract<EasymoEvent, { type: T }>;

/** Every event that is on Kafka, read by nobody's group. */
export class Tape {
  readonly events: EasymoEvent[] = [];
  readonly #bus: Bus;

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  static async record(
    brokers: readonly string[],
    kit: { logger: Logger; metrics: Metrics },
  ): Promise<Tape> {
    const bus = createBus(
      { brokers: [...brokers], clientId: "e2e", ssl: false },
      kit,
    );
    const tape = new Tape(bus);
    const places = new Set<string>();
    const subscription = await bus.subscribe({
      group: "e2e-tape",
      topics: Object.values(topicNames).filter(
        (name) => !/retry|dlq/.test(name),
      ),
      fromBeginning: true,
      onRecords: ({ records }) => {
        for (const record of records) {
          const place = `${record.topic}:${record.partition}:${record.offset}`;
          // Nothing is committed, so records come again when the group starts anew.
          if (places.has(place)) continue;
          places.add(place);
          tape.events.push(decodeEvent(record));
        }
      },
    });
    await subscription.joined;
    return tape;
  }

  of<T extends EventType>(type: T): EventOf<T>[] {
    return this.events.filter(
      (event): event is EventOf<T> => event.type === type,
    );
  }

  /** The first such event, past ones included. */
  next<T extends EventType>(
    type: T,
    matches: (event: EventOf<T>) => boolean,
    what: string = type,
  ): Promise<EventOf<T>> {
    return until(() => this.of(type).find(matches), {
      what: `${what} on Kafka`,
      timeoutMs: 90_000,
      everyMs: 50,
    });
  }

  close(): Promise<void> {
    return this.#bus.close();
  }
}
