import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import type { Bus, BusRecord } from "../bus/bus.js";
import { delay, hostClock, type Clock } from "../clock.js";
import type { EasymoEvent } from "../events/event.js";
import { recordOf } from "../events/records.js";
import type { MetricsSource } from "../metrics.js";
import type { TopicName } from "../topics/catalogue.generated.js";
import { SpoolDelivery } from "./spool-delivery.js";
import { SpoolFiles, type SpoolPlace } from "./spool-files.js";
import { bytesOf, spoolItem, type SpoolItem } from "./spool-item.js";
import { spoolMetrics, type SpoolMetrics } from "./spool-metrics.js";
import { SpoolWriter } from "./spool-writer.js";

export interface SpooledPublisherOptions {
  readonly bus: Bus;
  /** Of this process alone. */
  readonly directory: string;
  /** What the spool takes on the disk at most; beyond it the newest events are refused. */
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly metrics: MetricsSource;
  readonly clock?: Clock;
}

/** What waits to be acknowledged. */
export interface SpoolDepth {
  readonly records: number;
  readonly bytes: number;
  /** True while events go by way of the disk. */
  readonly spooling: boolean;
}

const KIB = 1_024;
const MIB = 1_024 * KIB;
const MAX_WINDOW_BYTES = MIB;
const MAX_BATCH_RECORDS = 500;
const READ_BYTES = 256 * KIB;
/** What may wait for a disk that does not take it. */
const MAX_UNWRITTEN_BYTES = 8 * MIB;
const REFUSAL_LOG_INTERVAL_MS = 1_000;

/**
 * Publishes for producers that must not wait. While the bus answers, events go straight to it; when it does not, they go
 * to files and from there, in the order that they came in, one batch after the other. Everything on the disk survives the
 * process; the next one on the same directory delivers it first.
 */
export class SpooledPublisher {
  readonly #maxBytes: number;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #metrics: SpoolMetrics;
  readonly #files: SpoolFiles;
  readonly #closing = new AbortController();
  /** Next to be delivered. */
  #window: SpoolItem[] = [];
  #windowBytes = 0;
  readonly #writer: SpoolWriter;
  readonly #delivery: SpoolDelivery;
  #spooling = true;
  #opened = false;
  #records = 0;
  /** Up to here the files are in the window, or delivered. */
  #readTo: SpoolPlace = { segment: 0, offset: 0 };
  #pumping: Promise<void> = Promise.resolve();
  #woken = false;
  #resume: () => void = () => undefined;
  #drained: (() => void)[] = [];
  #refused = 0;
  #lastRefusalLogMs = Number.NEGATIVE_INFINITY;
  readonly #unobserve: () => void;

  constructor(options: SpooledPublisherOptions) {
    // Each record of a batch listens to it.
    setMaxListeners(Number.POSITIVE_INFINITY, this.#closing.signal);
    this.#maxBytes = options.maxBytes;
    this.#logger = options.logger;
    this.#clock = options.clock ?? hostClock;
    this.#metrics = spoolMetrics(options.metrics);
    this.#unobserve = this.#metrics.observe(() => this.depth());
    const segmentBytes = Math.min(
      4 * MIB,
      Math.max(64 * KIB, options.maxBytes / 16),
    );
    this.#files = new SpoolFiles(options.directory, segmentBytes);
    this.#writer = new SpoolWriter({
      files: this.#files,
      clock: this.#clock,
      logger: this.#logger,
      closing: this.#closing.signal,
      written: (item, end) => {
        item.end = end;
        // Those on their way already are not to be read again.
        if (this.#window.includes(item) || item.delivered) this.#readTo = end;
      },
      progressed: () => this.#wake(),
    });
    this.#delivery = new SpoolDelivery({
      bus: options.bus,
      files: this.#files,
      metrics: this.#metrics,
      logger: this.#logger,
      clock: this.#clock,
      closing: this.#closing.signal,
      slow: () => {
        if (!this.#spooling)
          this.#logger.warn("the bus does not answer; spooling on the disk");
        this.#startSpooling();
      },
      settled: () => (this.#records -= 1),
    });
  }

  /** Begins with what an earlier run left. Events published before this wait for it. */
  async open(): Promise<void> {
    const { records, tornBytes, start } = await this.#files.open();
    if (tornBytes > 0) {
      this.#logger.warn(
        { tornBytes },
        "the spool's end was cut short by a crash",
      );
    }
    if (records > 0)
      this.#logger.info({ records }, "delivering spooled events");
    this.#readTo = start;
    this.#spooling = records > 0 || this.#records > 0;
    this.#records += records;
    if (!this.#spooling) await this.#files.clear();
    this.#opened = true;
    this.#pumping = this.#pump();
    this.#writer.open();
  }

  /** Takes an event. Never waits, never throws: what cannot be taken is counted and logged. */
  publish(topic: TopicName, event: EasymoEvent): void {
    try {
      this.#accept(recordOf(topic, event));
    } catch (error) {
      this.#metrics.refused.inc({ topic });
      this.#logger.error(
        { err: error, topic },
        "an event could not be published",
      );
    }
  }

  depth(): SpoolDepth {
    return {
      records: this.#records,
      bytes: this.#bytes(),
      spooling: this.#opened && this.#spooling,
    };
  }

  /** True when everything was acknowledged within the time. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#records === 0) return true;
    const end = new AbortController();
    const drained = new Promise<void>((resolve) => this.#drained.push(resolve));
    await Promise.race([drained, delay(this.#clock, timeoutMs, end.signal)]);
    end.abort();
    return this.depth().records === 0;
  }

  /** Stops delivering; what is not acknowledged is on the disk when this resolves, for the next run. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#pumping;
    this.#startSpooling();
    await this.#writer.settled();
    this.#unobserve();
  }

  #accept(record: BusRecord): void {
    const item = spoolItem(record);
    if (this.#closing.signal.aborted || !this.#fits(item.bytes)) {
      this.#refuse(record.topic);
      return;
    }
    this.#records += 1;
    if (this.#spooling) {
      this.#writer.add(item);
      this.#wake();
      return;
    }
    this.#window.push(item);
    this.#windowBytes += item.bytes;
    if (this.#windowBytes > MAX_WINDOW_BYTES) this.#startSpooling();
    this.#wake();
  }

  #fits(bytes: number): boolean {
    return (
      this.#bytes() + bytes <= this.#maxBytes &&
      this.#writer.bytes + bytes <= MAX_UNWRITTEN_BYTES
    );
  }

  /** While spooling, what is in the window is in the files too, or waits to be written to them. */
  #bytes(): number {
    const straight = this.#spooling ? 0 : this.#windowBytes;
    return this.#files.bytes + this.#writer.bytes + straight;
  }

  #refuse(topic: string): void {
    this.#metrics.refused.inc({ topic });
    this.#refused += 1;
    const now = this.#clock.monotonicMs();
    if (now - this.#lastRefusalLogMs < REFUSAL_LOG_INTERVAL_MS) return;
    this.#lastRefusalLogMs = now;
    const { records, bytes } = this.depth();
    this.#logger.error(
      { refused: this.#refused, records, bytes },
      "the spool is full; newest events are refused",
    );
    this.#refused = 0;
  }

  /** From here on events go by way of the disk; those on their way are written too, in case the process ends. */
  #startSpooling(): void {
    if (!this.#spooling) {
      this.#spooling = true;
      this.#writer.start(this.#window, this.#windowBytes);
    }
    this.#writer.write();
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Delivers, one batch after the other. */
  async #pump(): Promise<void> {
    while (!this.#isClosing()) {
      this.#woken = false;
      if (this.#window.length === 0) await this.#refill();
      const batch = this.#window.slice(0, MAX_BATCH_RECORDS);
      if (batch.length > 0) await this.#deliver(batch);
      else if (!this.#isWoken()) {
        await new Promise<void>((resolve) => (this.#resume = resolve));
      }
    }
  }

  /** There is something new for the pump to look at, now or when it next looks. */
  #wake(): void {
    this.#woken = true;
    this.#resume();
  }

  #isWoken(): boolean {
    return this.#woken;
  }

  /** The next records from the disk; when nothing is left there, the straight way is open again. */
  async #refill(): Promise<void> {
    while (this.#spooling) {
      const read = await this.#files.read(this.#readTo, READ_BYTES);
      const last = read.at(-1);
      if (last !== undefined) {
        this.#readTo = last.end;
        this.#window = read.map(({ record, end }) => ({
          ...spoolItem(record),
          end,
        }));
        this.#windowBytes = bytesOf(this.#window);
        return;
      }
      if (this.#writer.isWriting()) return;
      await this.#files.clear();
      // What came while that took its time is on the disk already, or on its way there.
      if (this.#writer.isWriting()) return;
      if (this.#files.bytes > 0) continue;
      const { items, bytes } = this.#writer.takeBack();
      this.#window = items;
      this.#windowBytes = bytes;
      this.#spooling = false;
    }
  }

  async #deliver(batch: readonly SpoolItem[]): Promise<void> {
    await this.#delivery.deliver(batch);
    this.#window = this.#window.filter(({ delivered }) => !delivered);
    this.#windowBytes = bytesOf(this.#window);
    await this.#delivery.saveProgress(batch);
    if (this.#records === 0) {
      for (const resolve of this.#drained.splice(0)) resolve();
    }
  }
}
