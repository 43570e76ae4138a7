import type { LuaScript } from "./scripts.js";

/** What one call carries at most: Redis does nothing else meanwhile. */
const MAX_KEYS_PER_CALL = 256;

/** Runs a script on keys; resolves with one answer per key. */
export type RunOnKeys = (
  script: LuaScript,
  keys: readonly string[],
  args: readonly string[],
) => Promise<unknown>;

interface Batch {
  readonly script: LuaScript;
  readonly keys: string[];
  readonly args: string[];
  readonly waiting: PromiseWithResolvers<unknown>[];
}

/**
 * Gathers script calls of one turn of the event loop, so that many callers are one command. Takes scripts that do to each
 * of their keys, with an equal share of the arguments, what they would do to one, and give an answer for each.
 */
export class ScriptBatches {
  readonly #run: RunOnKeys;
  readonly #placeOf: (key: string) => number;
  #open = new Map<string, Batch>();

  /** @param placeOf keys of different places never go together: a cluster's slots */
  constructor(run: RunOnKeys, placeOf: (key: string) => number) {
    this.#run = run;
    this.#placeOf = placeOf;
  }

  run(
    script: LuaScript,
    key: string,
    args: readonly string[],
  ): Promise<unknown> {
    if (this.#open.size === 0) setImmediate(() => this.#flush());
    const batch = this.#batchOf(script, key);
    const waiting = Promise.withResolvers<unknown>();
    batch.keys.push(key);
    batch.args.push(...args);
    batch.waiting.push(waiting);
    return waiting.promise;
  }

  #batchOf(script: LuaScript, key: string): Batch {
    const place = this.#placeOf(key);
    const name = place === 0 ? script.sha1 : `${script.sha1}${place}`;
    const open = this.#open.get(name);
    if (open !== undefined && open.keys.length < MAX_KEYS_PER_CALL) return open;
    if (open !== undefined) void this.#carryOut(open);
    const batch: Batch = { script, keys: [], args: [], waiting: [] };
    this.#open.set(name, batch);
    return batch;
  }

  #flush(): void {
    const batches = this.#open;
    this.#open = new Map();
    for (const batch of batches.values()) void this.#carryOut(batch);
  }

  async #carryOut({ script, keys, args, waiting }: Batch): Promise<void> {
    try {
      const answers = await this.#run(script, keys, args);
      if (!Array.isArray(answers) || answers.length !== waiting.length)
        throw new Error("A script did not answer for each of its keys.");
      for (let at = 0; at < waiting.length; at++)
        waiting[at]?.resolve(answers[at]);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
