import {
  type Bus,
  type ReceivedRecord,
  type Subscription,
  topicNames,
} from "@easymo/messaging";
import type { FeedEntry } from "../../console/src/wire.js";

const DEFAULT_MAX_ENTRIES = 1000;

/** The last events of every topic, for whoever looks on. */
export class EventFeed {
  readonly #bus: Bus;
  readonly #maxEntries: number;
  readonly #entries: FeedEntry[] = [];
  readonly #watchers = new Set<(entry: FeedEntry) => void>();
  #subscription: Subscription | undefined;
  #sequence = 0;

  constructor(options: { bus: Bus; maxEntries?: number }) {
    this.#bus = options.bus;
    this.#maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
  }

  /** Begins to read every topic; resolves when nothing can be missed. */
  async start(): Promise<void> {
    const subscription = await this.#bus.subscribe({
      group: "demo-console",
      topics: Object.values(topicNames),
      fromBeginning: true,
      onRecords: ({ topic, partition, records }) => {
        for (const record of records) this.#take(record);
        const offset = String(Number(records.at(-1)?.offset ?? 0) + 1);
        void this.#subscription?.commit([{ topic, partition, offset }]);
      },
    });
    this.#subscription = subscription;
    await subscription.joined;
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
  }

  /** What is kept of what came after that sequence number. */
  since(sequence: number): readonly FeedEntry[] {
    return this.#entries.filter((entry) => entry.sequence > sequence);
  }

  /** Calls `watcher` for each entry from now on; the answer ends that. */
  watch(watcher: (entry: FeedEntry) => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  #take(record: ReceivedRecord): void {
    this.#sequence += 1;
    const entry: FeedEntry = {
      sequence: this.#sequence,
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      key: record.key,
      timestampMs: record.timestampMs,
      headers: record.headers,
      data: dataOf(record.value),
    };
    this.#entries.push(entry);
    if (this.#entries.length > this.#maxEntries) this.#entries.shift();
    for (const watcher of this.#watchers) watcher(entry);
  }
}

/** An event's data; what is no JSON object is shown as the text that it is. */
function dataOf(value: Buffer): Readonly<Record<string, unknown>> {
  const text = value.toString("utf8");
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch {
    // A poison record: shown raw below.
  }
  return { raw: text };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
