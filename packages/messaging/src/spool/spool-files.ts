import {
  open,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { BusRecord } from "../bus/bus.js";
import { readFrame } from "./frame.js";

/** A place between two records. */
export interface SpoolPlace {
  readonly segment: number;
  readonly offset: number;
}

export interface SpooledRecord {
  readonly record: BusRecord;
  /** Right behind the record. */
  readonly end: SpoolPlace;
}

/** What an earlier run left. */
export interface SpoolRemains {
  readonly records: number;
  /** Bytes at segments' ends that were no whole record: writes that a crash cut short. */
  readonly tornBytes: number;
}

const SEGMENT = /^(\d{12})\.spool$/;
const POSITION = "position.json";
const position = z.object({ segment: z.int(), offset: z.int() });

interface Segment {
  readonly number: number;
  bytes: number;
}

/**
 * The files of a spool: segments that are appended to and read in order, and the place up to which everything is
 * delivered. A segment is removed when everything in it is. Appends must not overlap.
 */
export class SpoolFiles {
  readonly #directory: string;
  readonly #segmentBytes: number;
  #segments: Segment[] = [];
  /** Only a segment of this run is appended to: the end of another may be torn. */
  #appending: Segment | undefined;
  #nextNumber = 1;

  constructor(directory: string, segmentBytes: number) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
  }

  /** What all segments take on the disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Finds what an earlier run left; `start` is where reading begins. */
  async open(): Promise<SpoolRemains & { start: SpoolPlace }> {
    await mkdir(this.#directory, { recursive: true });
    const numbers = (await readdir(this.#directory))
      .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    const saved = await this.#savedPosition();
    let records = 0;
    let tornBytes = 0;
    for (const number of numbers) {
      if (saved !== undefined && number < saved.segment) {
        await rm(this.#pathOf(number));
        continue;
      }
      const from = number === saved?.segment ? saved.offset : 0;
      const whole = await this.#count(number, from);
      records += whole.records;
      tornBytes += whole.tornBytes;
      this.#segments.push({ number, bytes: whole.end });
    }
    this.#nextNumber = (numbers.at(-1) ?? saved?.segment ?? 0) + 1;
    const first = this.#segments[0]?.number ?? this.#nextNumber;
    const start =
      saved?.segment === first ? saved : { segment: first, offset: 0 };
    return { records, tornBytes, start };
  }

  /** Writes frames behind everything else; gives the place behind each. */
  async append(frames: readonly Buffer[]): Promise<SpoolPlace[]> {
    const segment = this.#segmentToAppend();
    const from = segment.bytes;
    const path = this.#pathOf(segment.number);
    const data = Buffer.concat(frames);
    try {
      const file = await open(path, "a");
      try {
        await file.appendFile(data);
      } finally {
        await file.close();
      }
    } catch (error) {
      // What did get written must not come between whole records; neither may it should this fail too.
      this.#appending = undefined;
      await truncate(path, from).catch(() => undefined);
      throw error;
    }
    segment.bytes += data.length;
    let offset = from;
    return frames.map((frame) => {
      offset += frame.length;
      return { segment: segment.number, offset };
    });
  }

  /** Records from a place on, about `maxBytes` of them; none when there are no more. */
  async read(from: SpoolPlace, maxBytes: number): Promise<SpooledRecord[]> {
    const segment = this.#segments.find(
      ({ number, bytes }) =>
        number > from.segment ||
        (number === from.segment && bytes > from.offset),
    );
    if (segment === undefined) return [];
    const { number } = segment;
    const offset = number === from.segment ? from.offset : 0;
    const available = segment.bytes - offset;
    let length = Math.min(available, maxBytes);
    for (;;) {
      const records = parse(
        await this.#bytesOf(number, offset, length),
        number,
        offset,
      );
      if (records.length > 0) return records;
      if (length >= available) {
        // Not readable although it was whole once: the rest of the segment is given up.
        return this.read({ segment: number + 1, offset: 0 }, maxBytes);
      }
      length = Math.min(available, length * 2);
    }
  }

  /** Everything before a place is delivered. */
  async delivered(place: SpoolPlace): Promise<void> {
    const temporary = join(this.#directory, `${POSITION}.new`);
    await writeFile(temporary, JSON.stringify(place));
    await rename(temporary, join(this.#directory, POSITION));
    const done = this.#segments.filter(({ number }) => number < place.segment);
    this.#segments = this.#segments.filter(
      ({ number }) => number >= place.segment,
    );
    for (const { number } of done)
      await rm(this.#pathOf(number), { force: true });
  }

  /** Everything is delivered: nothing stays on the disk. */
  async clear(): Promise<void> {
    const done = this.#segments;
    this.#segments = [];
    this.#appending = undefined;
    for (const { number } of done)
      await rm(this.#pathOf(number), { force: true });
    await rm(join(this.#directory, POSITION), { force: true });
  }

  #segmentToAppend(): Segment {
    const open = this.#appending;
    if (
      open !== undefined &&
      open.bytes < this.#segmentBytes &&
      this.#segments.includes(open)
    ) {
      return open;
    }
    const segment = { number: this.#nextNumber++, bytes: 0 };
    this.#segments.push(segment);
    this.#appending = segment;
    return segment;
  }

  async #savedPosition(): Promise<SpoolPlace | undefined> {
    try {
      const text = await readFile(join(this.#directory, POSITION), "utf8");
      return position.parse(JSON.parse(text));
    } catch {
      // None yet, or not readable: then everything is delivered once more, under the same ids.
      return undefined;
    }
  }

  async #count(
    number: number,
    from: number,
  ): Promise<{ records: number; end: number; tornBytes: number }> {
    const size = (await stat(this.#pathOf(number))).size;
    const start = Math.min(from, size);
    const bytes = await this.#bytesOf(number, start, size - start);
    const records = parse(bytes, number, start);
    const end = records.at(-1)?.end.offset ?? start;
    return { records: records.length, end, tornBytes: size - end };
  }

  async #bytesOf(
    number: number,
    offset: number,
    length: number,
  ): Promise<Buffer> {
    const file = await open(this.#pathOf(number), "r");
    try {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #pathOf(number: number): string {
    return join(this.#directory, `${String(number).padStart(12, "0")}.spool`);
  }
}

/** The whole records at the beginning of a piece of a segment. */
function parse(
  bytes: Buffer,
  segment: number,
  offset: number,
): SpooledRecord[] {
  const records: SpooledRecord[] = [];
  let at = 0;
  for (;;) {
    const frame = readFrame(bytes, at);
    if (frame === "incomplete" || frame === "broken") return records;
    at = frame.end;
    records.push({
      record: frame.record,
      end: { segment, offset: offset + at },
    });
  }
}
