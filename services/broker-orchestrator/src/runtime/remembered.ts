import type { Entry, Slot } from "./slots.js";

/** How much is remembered; beyond either the oldest is forgotten. */
export interface RememberedLimits {
  readonly conversations: number;
  /** Of what is stored of them. */
  readonly characters: number;
}

/** What was forgotten is emptied besides: a Map's old tables keep what was in them for long. */
interface Kept {
  entry: Entry | undefined;
  readonly characters: number;
}

/**
 * Conversations as they were written here last: who said something will as a rule say more soon, and what comes of an
 * effect belongs to them too. Whether they are still so, the store says when they are written; what is not written must not
 * rest on them.
 */
export class Remembered {
  readonly #limits: RememberedLimits;
  readonly #kept = new Map<string, Kept>();
  #characters = 0;

  constructor(limits: RememberedLimits) {
    this.#limits = limits;
  }

  get(key: string): Entry | undefined {
    return this.#kept.get(key)?.entry;
  }

  /** A slot has been written, as this. */
  written(
    { home, state, aliases }: Slot,
    { version, value }: { readonly version: string; readonly value: string },
  ): void {
    for (const key of aliases.keys()) this.#delete(key);
    this.#delete(home);
    if (state === undefined) return;
    const stored = { kind: "conversation", conversation: state } as const;
    const entry = { version, stored };
    this.#kept.set(home, { entry, characters: value.length });
    this.#characters += value.length;
    for (const oldest of this.#kept.keys()) {
      if (!this.#isTooMuch()) break;
      this.#delete(oldest);
    }
  }

  /** Someone else may have changed it. True: it was known. */
  forget({ home, aliases }: Slot): boolean {
    let wasKnown = this.#delete(home);
    for (const key of aliases.keys()) wasKnown = this.#delete(key) || wasKnown;
    return wasKnown;
  }

  #isTooMuch(): boolean {
    const { conversations, characters } = this.#limits;
    return this.#kept.size > conversations || this.#characters > characters;
  }

  #delete(key: string): boolean {
    const kept = this.#kept.get(key);
    if (kept === undefined) return false;
    kept.entry = undefined;
    this.#characters -= kept.characters;
    return this.#kept.delete(key);
  }
}
