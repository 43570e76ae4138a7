import type { Answer } from "./messages.js";

/** The answers of the replicas to one question. */
export class Gathering {
  readonly answers: Answer[] = [];
  /** Resolves when all have answered, or one has answered well enough. */
  readonly done: Promise<void>;
  readonly #isEnough: (answer: Answer) => boolean;
  readonly #finish: () => void;
  #expected = Number.POSITIVE_INFINITY;

  constructor(isEnough: (answer: Answer) => boolean) {
    this.#isEnough = isEnough;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#finish = resolve;
  }

  get isComplete(): boolean {
    return this.answers.length >= this.#expected;
  }

  /** So many were asked. */
  expect(replicas: number): void {
    this.#expected = replicas;
    if (this.isComplete) this.#finish();
  }

  add(answer: Answer): void {
    this.answers.push(answer);
    if (this.isComplete || this.#isEnough(answer)) this.#finish();
  }

  /** Nobody is waited for any longer. */
  giveUp(): void {
    this.#finish();
  }
}
