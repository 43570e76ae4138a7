import { Bag, type Bagged } from "@easymo/bag";
import type { GiveUp } from "./give-up.js";

/** What a signal ends, until it is forgotten. */
export interface Watched {
  forget(): void;
}

/**
 * Signals that many requests share: to each one listens once, whatever number of requests it ends. Adding a listener to a
 * signal, and taking it away, look through all that are there.
 */
export class AbortWatch {
  readonly #bags = new WeakMap<AbortSignal, Bag<GiveUp>>();

  /** Gives the request up when the signal is aborted, at once when it is. */
  watch(signal: AbortSignal, giveUp: GiveUp): Watched {
    if (signal.aborted) {
      giveUp.now();
      return { forget: () => undefined };
    }
    const bag = this.#bagOf(signal);
    const bagged: Bagged<GiveUp> = bag.add(giveUp);
    return { forget: () => bag.remove(bagged) };
  }

  #bagOf(signal: AbortSignal): Bag<GiveUp> {
    const known = this.#bags.get(signal);
    if (known !== undefined) return known;
    const bag = new Bag<GiveUp>();
    this.#bags.set(signal, bag);
    signal.addEventListener(
      "abort",
      () => {
        for (const giveUp of bag.values()) giveUp.now();
      },
      { once: true },
    );
    return bag;
  }
}
