import { hasOpenEffects } from "../conversation/state.js";
import type { Entry, Slot } from "./slots.js";

/**
 * Conversations as they were written here last, while something of them is at work: what comes of that need not read them
 * again. Whether they are still so, the store says when they are written; what is not written must not rest on them.
 */
export class Remembered {
  readonly #max: number;
  /** What was forgotten is emptied besides: a Map's old tables keep what was in them for long. */
  readonly #entries = new Map<string, { entry: Entry | undefined }>();

  /** @param max conversations; beyond it the oldest is forgotten */
  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)?.entry;
  }

  /** A slot has been written, with this version. */
  written({ home, state, aliases }: Slot, version: string): void {
    for (const key of aliases.keys()) this.#delete(key);
    this.#delete(home);
    if (state === undefined || !hasOpenEffects(state)) return;
    const stored = { kind: "conversation", conversation: state } as const;
    this.#entries.set(home, { entry: { version, stored } });
    if (this.#entries.size <= this.#max) return;
    for (const oldest of this.#entries.keys()) {
      this.#delete(oldest);
      break;
    }
  }

  /** Someone else may have changed it. True: it was known. */
  forget({ home, aliases }: Slot): boolean {
    let wasKnown = this.#delete(home);
    for (const key of aliases.keys()) wasKnown = this.#delete(key) || wasKnown;
    return wasKnown;
  }

  #delete(key: string): boolean {
    const known = this.#entries.get(key);
    if (known === undefined) return false;
    known.entry = undefined;
    return this.#entries.delete(key);
  }
}
