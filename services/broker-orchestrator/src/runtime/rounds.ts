import type { Step } from "./slots.js";

/** Steps that are taken together. While they are, everything else of the same persons waits. */
export interface Round {
  steps: Step[];
  /** Keys of the persons that it is at, and of those who wait for it. */
  readonly keys: Set<string>;
  /** What came later, of the same persons, in order. */
  readonly waiting: Step[];
}

/**
 * The steps that are to be taken, dealt out in rounds. Rounds of different persons may be at work at once; steps of one
 * person, as far as their keys tell, are taken in the order in which they came.
 */
export class Rounds {
  #queue: Step[] = [];
  readonly #owners = new Map<string, Round>();
  #atWork = 0;

  /** Steps that nobody has looked at yet. */
  get size(): number {
    return this.#queue.length;
  }

  /** Rounds that have begun and not ended. */
  get atWork(): number {
    return this.#atWork;
  }

  push(step: Step): void {
    this.#queue.push(step);
  }

  /** The next steps, up to `max`, of persons whom no other round is at; undefined when there are none. */
  begin(max: number): Round | undefined {
    const round: Round = { steps: [], keys: new Set(), waiting: [] };
    let looked = 0;
    for (const step of this.#queue) {
      if (round.steps.length >= max) break;
      const owner = this.#ownerOf(step.keys);
      // It makes one of persons whom two rounds are at: nothing may overtake it until it knows for which to wait.
      if (owner === "several") break;
      looked += 1;
      if (owner === undefined || owner === round) {
        round.steps.push(step);
        this.#give(step.keys, round);
      } else {
        owner.waiting.push(step);
        this.#give(step.keys, owner);
      }
    }
    this.#queue = this.#queue.slice(looked);
    if (round.steps.length === 0) return undefined;
    this.#atWork += 1;
    return round;
  }

  /**
   * It is known now which conversations a round's keys lead to. What turns out to be of a person whom another round is at
   * waits for that one; the rest is the round's.
   */
  resolve(round: Round, homeOf: (key: string) => string): void {
    const kept: Step[] = [];
    const mine = new Set<string>();
    for (const step of round.steps) {
      const keys = [...step.keys, ...step.keys.map(homeOf)];
      const other = keys
        .map((key) => this.#owners.get(key))
        .find((owner) => owner !== undefined && owner !== round);
      // Whoever shares a name with what stays here stays too: versions tell when that was too early.
      if (other === undefined || keys.some((key) => mine.has(key))) {
        kept.push(step);
        for (const key of keys) mine.add(key);
        if (other === undefined) this.#give(keys, round);
      } else {
        other.waiting.push(step);
        for (const key of keys)
          if (round.keys.delete(key)) this.#owners.delete(key);
        this.#give(keys, other);
      }
    }
    round.steps = kept;
  }

  /** Everything of the round is stored: who waited for it is next. */
  end(round: Round): void {
    for (const key of round.keys) this.#owners.delete(key);
    this.#atWork -= 1;
    if (round.waiting.length > 0)
      this.#queue = [...round.waiting, ...this.#queue];
  }

  #ownerOf(keys: readonly string[]): Round | "several" | undefined {
    let found: Round | undefined;
    for (const key of keys) {
      const owner = this.#owners.get(key);
      if (owner === undefined || owner === found) continue;
      if (found !== undefined) return "several";
      found = owner;
    }
    return found;
  }

  /** Keys that nobody has are the round's. */
  #give(keys: readonly string[], round: Round): void {
    for (const key of keys) {
      if (this.#owners.has(key)) continue;
      this.#owners.set(key, round);
      round.keys.add(key);
    }
  }
}
