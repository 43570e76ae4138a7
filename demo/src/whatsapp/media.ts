import { createHash, randomInt } from "node:crypto";

/** A file that somebody sent. */
export interface MediaFile {
  readonly mimeType: string;
  readonly sha256: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

const MAX_FILES = 100;

/** The files that Meta keeps for a while, by the ids that it gave them. */
export class MediaStore {
  readonly #files = new Map<string, MediaFile>();

  /** Keeps a file; the answer is its id. */
  keep(mimeType: string, bytes: Buffer<ArrayBuffer>): string {
    const id = String(randomInt(1e14, 2.8e14));
    const sha256 = createHash("sha256").update(bytes).digest("base64");
    this.#files.set(id, { mimeType, sha256, bytes });
    const oldest = this.#files.keys().next().value;
    if (this.#files.size > MAX_FILES && oldest !== undefined)
      this.#files.delete(oldest);
    return id;
  }

  find(id: string): MediaFile | undefined {
    return this.#files.get(id);
  }
}
