import type { BusRecord, ReceivedRecord } from "../bus.js";

/** The records of one partition, by offset; the oldest fall away beyond `maxRecords`, as retention takes them. */
export class PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly #maxRecords: number;
  #records: ReceivedRecord[] = [];
  #startOffset = 0;

  constructor(topic: string, partition: number, maxRecords: number) {
    this.topic = topic;
    this.partition = partition;
    this.#maxRecords = maxRecords;
  }

  /** The oldest offset that is still there. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The offset of the next record. */
  get endOffset(): number {
    return this.#startOffset + this.#records.length;
  }

  append(record: BusRecord, timestampMs: number): void {
    this.#records.push({
      topic: this.topic,
      partition: this.partition,
      offset: String(this.endOffset),
      timestampMs,
      key: record.key,
      // What the publisher does to its own buffers and objects afterwards must not reach the log.
      value: Buffer.from(record.value),
      headers: { ...record.headers },
    });
    // Trimmed a tenth at a time, so that a full log does not move its records on every append.
    const slack = Math.ceil(this.#maxRecords / 10);
    if (this.#records.length >= this.#maxRecords + slack) {
      this.#records = this.#records.slice(slack);
      this.#startOffset += slack;
    }
  }

  /** Up to `maxRecords` records from an offset on, or from the oldest when that one has fallen away. */
  read(offset: number, maxRecords: number): readonly ReceivedRecord[] {
    const from = Math.max(0, offset - this.#startOffset);
    return this.#records.slice(from, from + maxRecords);
  }
}
