import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Voice } from "@easymo/telephone-audio";
import { z } from "zod";

const answer = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ id: z.number(), mulaw: z.instanceof(Uint8Array) }),
  z.object({ id: z.number(), error: z.string() }),
]);

interface Pending {
  resolve(audio: Buffer): void;
  reject(error: Error): void;
}

/** The synthesizer espeak-ng in a thread of its own. English, French and Swahili; Kinyarwanda in the Swahili voice. */
export class EspeakVoice implements Voice {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #failure: Error | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (message: unknown) => this.#settle(message));
    worker.on("error", (error) => this.#fail(toError(error)));
    worker.on("exit", () => this.#fail(new Error("espeak-ng has stopped")));
  }

  /** Starts the synthesizer. Rejects where its package is not installed. */
  static async start(): Promise<EspeakVoice> {
    const file = `./espeak-worker${extname(import.meta.url)}`;
    const worker = new Worker(new URL(file, import.meta.url));
    // A voice alone keeps no process alive.
    worker.unref();
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", (error) => reject(toError(error)));
      worker.once("exit", () => reject(new Error("espeak-ng did not start")));
    });
    return new EspeakVoice(worker);
  }

  /** Says the text; rejects when the synthesizer cannot, or has died. */
  speak(text: string, language: string): Promise<Buffer> {
    if (this.#failure) {
      return Promise.reject(this.#failure);
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, text, language });
    });
  }

  /** Ends the thread; what is being said then is rejected. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(message: unknown): void {
    const parsed = answer.parse(message);
    if ("ready" in parsed) {
      return;
    }
    const pending = this.#pending.get(parsed.id);
    this.#pending.delete(parsed.id);
    if ("error" in parsed) {
      pending?.reject(new Error(`espeak-ng: ${parsed.error}`));
    } else {
      const { buffer, byteOffset, byteLength } = parsed.mulaw;
      pending?.resolve(Buffer.from(buffer, byteOffset, byteLength));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) {
      pending.reject(error);
    }
    this.#pending.clear();
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
