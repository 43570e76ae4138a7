/** A value that is in a bag. */
export interface Bagged<T> {
  readonly value: T;
  place: number;
}

/**
 * Values that come and go by the thousand a second. A `Set` would serve, but each time that V8 makes it a new table, the old
 * one keeps pointing to it: one that has outlived two collections keeps all that are later, and whatever was in them, until
 * all of memory is collected.
 */
export class Bag<T> {
  readonly #all: Bagged<T>[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(value: T): Bagged<T> {
    const bagged = { value, place: this.#all.length };
    this.#all.push(bagged);
    return bagged;
  }

  /** Takes out what is in it; the last takes its place. */
  remove(bagged: Bagged<T>): void {
    const last = this.#all.pop();
    if (last === undefined || last === bagged) return;
    this.#all[bagged.place] = last;
    last.place = bagged.place;
  }

  values(): T[] {
    return this.#all.map(({ value }) => value);
  }
}
