import { randomUUID } from "node:crypto";
import {
  BusUnavailableError,
  type Bus,
  type PartitionLag,
  type ReceivedRecord,
} from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";

export interface ReadTopicOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topic: string;
  readonly timeoutMs: number;
  /** Takes each record that was there when reading began, in order by partition. */
  readonly onRecord: (record: ReceivedRecord) => void;
}

/**
 * Reads a topic from its oldest record to what is its end now, as a group of its own that commits nothing. Rejects with
 * BusUnavailableError when that takes longer than `timeoutMs`.
 */
export async function readTopic(options: ReadTopicOptions): Promise<void> {
  const { bus, clock, topic, timeoutMs } = options;
  await bus.check();
  const reading = new Reading(options.onRecord);
  const late = Promise.withResolvers<never>();
  const timer = clock.setTimeout(
    () =>
      late.reject(
        new BusUnavailableError(
          `${topic} could not be read within ${timeoutMs / 1_000} s.`,
        ),
      ),
    timeoutMs,
  );
  const subscription = await bus.subscribe({
    group: `broker-orchestrator.dlq.${randomUUID()}`,
    topics: [topic],
    fromBeginning: true,
    onRecords: ({ records }) => reading.take(records),
  });
  try {
    await Promise.race([subscription.joined, late.promise]);
    reading.expect(await Promise.race([subscription.lag(), late.promise]));
    await Promise.race([reading.done, late.promise]);
  } finally {
    timer.cancel();
    await subscription.stop();
  }
}

/** How far a topic has been read. */
class Reading {
  readonly done: Promise<void>;
  readonly #onRecord: (record: ReceivedRecord) => void;
  /** By partition: how many records, and the last one's offset; a consumer that starts anew begins again. */
  readonly #read = new Map<number, { count: number; last: number }>();
  #expected: readonly PartitionLag[] | undefined;
  #resolve: () => void = () => undefined;

  constructor(onRecord: (record: ReceivedRecord) => void) {
    this.#onRecord = onRecord;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  take(records: readonly ReceivedRecord[]): void {
    for (const record of records) {
      const read = this.#read.get(record.partition) ?? { count: 0, last: -1 };
      const offset = Number(record.offset);
      if (offset <= read.last || this.#isWhole(record.partition)) continue;
      this.#read.set(record.partition, { count: read.count + 1, last: offset });
      this.#onRecord(record);
    }
    this.#check();
  }

  expect(lag: readonly PartitionLag[]): void {
    this.#expected = lag;
    this.#check();
  }

  #isWhole(partition: number): boolean {
    const wanted = this.#expected?.find((one) => one.partition === partition);
    const count = this.#read.get(partition)?.count ?? 0;
    return wanted !== undefined && count >= wanted.lag;
  }

  #check(): void {
    if (this.#expected?.every(({ partition }) => this.#isWhole(partition)))
      this.#resolve();
  }
}
