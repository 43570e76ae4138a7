/** One received record's place in its partition. */
export interface TrackedOffset {
  readonly offset: number;
  done: boolean;
}

/** Which records of one partition are done: only the prefix without a gap may be committed. */
export class OffsetTracker {
  #open: TrackedOffset[] = [];
  #head = 0;
  #highest = -1;
  #next = -1;
  #committed = -1;

  /** Records received and not in the done prefix. */
  get size(): number {
    return this.#open.length - this.#head;
  }

  /**
   * Takes an offset in; undefined when it is here already (it came again after a rebalance). One below what was committed
   * means that the log was made anew: everything starts over.
   */
  receive(offset: number): TrackedOffset | undefined {
    if (offset < this.#committed) {
      this.#open = [];
      this.#head = 0;
      this.#next = -1;
      this.#committed = -1;
    } else if (offset <= this.#highest) {
      return undefined;
    }
    this.#highest = offset;
    const tracked = { offset, done: false };
    this.#open.push(tracked);
    return tracked;
  }

  finish(tracked: TrackedOffset): void {
    tracked.done = true;
    for (
      let first = this.#open[this.#head];
      first?.done === true;
      first = this.#open[this.#head]
    ) {
      this.#next = first.offset + 1;
      this.#head += 1;
    }
    // Moved in halves, so that a long queue is not copied for each record.
    if (this.#head > 64 && this.#head * 2 > this.#open.length) {
      this.#open = this.#open.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The offset to commit, when there is a new one. */
  get committable(): number | undefined {
    return this.#next > this.#committed ? this.#next : undefined;
  }

  committed(offset: number): void {
    this.#committed = Math.max(this.#committed, offset);
  }
}
