import type { Logger } from "pino";
import { delay, type Clock } from "../clock.js";
import { encodeFrame } from "./frame.js";
import type { SpoolFiles, SpoolPlace } from "./spool-files.js";
import { bytesOf, type SpoolItem } from "./spool-item.js";

export interface SpoolWriterOptions {
  readonly files: SpoolFiles;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the spool closes: what the disk refuses then is given up. */
  readonly closing: AbortSignal;
  /** The item is on the disk, up to `end`. */
  written(item: SpoolItem, end: SpoolPlace): void;
  /** A chunk has been written, or the last one. */
  progressed(): void;
}

const WRITE_BYTES = 256 * 1_024;
const DISK_AGAIN_MS = 1_000;

/** Brings what waits to the disk, in its order, and tries again while the disk does not take it. */
export class SpoolWriter {
  readonly #options: SpoolWriterOptions;
  #waiting: SpoolItem[] = [];
  #bytes = 0;
  #opened = false;
  #writing: Promise<void> | undefined;

  constructor(options: SpoolWriterOptions) {
    this.#options = options;
  }

  /** Of what is not on the disk yet. */
  get bytes(): number {
    return this.#bytes;
  }

  isWriting(): boolean {
    return this.#writing !== undefined;
  }

  /** The files are there: what waited for them is written. */
  open(): void {
    this.#opened = true;
    this.write();
  }

  add(item: SpoolItem): void {
    this.#waiting.push(item);
    this.#bytes += item.bytes;
    this.write();
  }

  /** Begins with these. */
  start(items: readonly SpoolItem[], bytes: number): void {
    this.#waiting = [...items];
    this.#bytes = bytes;
  }

  /** What waits, taken back: it goes another way. */
  takeBack(): { items: SpoolItem[]; bytes: number } {
    const taken = { items: this.#waiting, bytes: this.#bytes };
    this.#waiting = [];
    this.#bytes = 0;
    return taken;
  }

  write(): void {
    if (!this.#opened || this.#waiting.length === 0) return;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    const { clock, logger, closing } = this.#options;
    // Events of one turn of the event loop go in one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const chunk = this.#takeChunk();
      const undelivered = chunk.filter(({ delivered }) => !delivered);
      try {
        if (undelivered.length > 0) await this.#append(undelivered);
      } catch (error) {
        logger.error({ err: error }, "the spool cannot be written");
        this.#waiting = [...undelivered, ...this.#waiting];
        this.#bytes = bytesOf(this.#waiting);
        if (closing.aborted) break;
        await delay(clock, DISK_AGAIN_MS, closing);
      }
      this.#options.progressed();
    }
    this.#writing = undefined;
    this.#options.progressed();
  }

  #takeChunk(): SpoolItem[] {
    const chunk: SpoolItem[] = [];
    let bytes = 0;
    for (const item of this.#waiting) {
      if (chunk.length > 0 && bytes + item.bytes > WRITE_BYTES) break;
      chunk.push(item);
      bytes += item.bytes;
    }
    this.#waiting = this.#waiting.slice(chunk.length);
    this.#bytes = bytesOf(this.#waiting);
    return chunk;
  }

  async #append(items: readonly SpoolItem[]): Promise<void> {
    const ends = await this.#options.files.append(
      items.map(({ record }) => encodeFrame(record)),
    );
    for (const [at, item] of items.entries()) {
      const end = ends[at];
      if (end !== undefined) this.#options.written(item, end);
    }
  }
}
