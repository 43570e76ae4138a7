import type { Clock, Logger } from "@easymo/service-kit";
import {
  pause,
  type Controller,
  type LeaderElection,
  type Term,
} from "./runtime/index.js";

/** What is watched, by whoever watches it. */
interface Watching {
  start(): void;
  stop(): Promise<void>;
  synced(): boolean;
}

export interface WorksParts {
  readonly informers: readonly Watching[];
  readonly controllers: readonly Controller[];
}

export interface WorksDeps {
  readonly election: LeaderElection;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How often it is asked whether everything has been seen. */
const SYNC_POLL_MS = 25;

/**
 * What turns while the operator runs: informers always; controllers while this replica leads, which it stands for only
 * once everything has been seen: whoever decided by half of the channels would take the others off the air.
 */
export class Works {
  readonly #parts: WorksParts;
  readonly #deps: WorksDeps;
  readonly #stopping = new AbortController();
  #standing: Promise<void> | undefined;

  constructor(parts: WorksParts, deps: WorksDeps) {
    this.#parts = parts;
    this.#deps = deps;
  }

  /** Begins; returns at once. */
  start(): void {
    for (const informer of this.#parts.informers) informer.start();
    this.#standing ??= this.#stand();
  }

  /** Rejects until everything has been seen. */
  checkSynced(): Promise<void> {
    return this.#synced()
      ? Promise.resolve()
      : Promise.reject(new Error("not everything has been listed yet"));
  }

  /** No key is looked at any more; resolves when the last look has ended, and the lease is left to the next. */
  async stopLeading(): Promise<void> {
    this.#stopping.abort();
    await this.#deps.election.stop();
    await this.#standing;
  }

  async stop(): Promise<void> {
    await this.stopLeading();
    await Promise.all(this.#parts.informers.map((one) => one.stop()));
  }

  async #stand(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, election } = this.#deps;
    while (!this.#synced() && !signal.aborted)
      await pause(clock, SYNC_POLL_MS, signal);
    if (signal.aborted) return;
    election.start((term) => this.#lead(term));
  }

  async #lead(term: Term): Promise<void> {
    await Promise.all(this.#parts.controllers.map((one) => one.run(term)));
  }

  #synced(): boolean {
    return this.#parts.informers.every((one) => one.synced());
  }
}
