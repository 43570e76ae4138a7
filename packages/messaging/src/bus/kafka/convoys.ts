import type { Message } from "kafkajs";
import type { ProducerGeneration } from "./producers.js";

/** What one partition has to send. */
interface Cargo {
  readonly generation: ProducerGeneration;
  readonly topic: string;
  readonly partition: number;
  readonly messages: Message[];
  readonly done: PromiseWithResolvers<void>;
}

/** A send for several partitions failed: what became of each of them is not known. */
export class ConvoyError extends Error {
  constructor(cause: unknown) {
    super("A send for several partitions failed.", { cause });
    this.name = "ConvoyError";
  }
}

/**
 * Sends of several partitions to the broker that leads them, in one request. One request at a time (an idempotent producer
 * of kafkajs has no more than one under way per broker in any case), each with all that has come meanwhile.
 */
class Convoy {
  #waiting: Cargo[] = [];
  #isUnderWay = false;

  send(cargo: Cargo): Promise<void> {
    this.#waiting.push(cargo);
    if (!this.#isUnderWay) {
      this.#isUnderWay = true;
      this.#departSoon();
    }
    return cargo.done.promise;
  }

  /** After those who are ready in this turn of the event loop. */
  #departSoon(): void {
    setImmediate(() => void this.#depart());
  }

  async #depart(): Promise<void> {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#isUnderWay = false;
      return;
    }
    const { generation } = first;
    const together = this.#waiting.filter(
      (cargo) => cargo.generation === generation,
    );
    this.#waiting = this.#waiting.filter(
      (cargo) => cargo.generation !== generation,
    );
    try {
      const outcomes = await generation.sendAll(together);
      for (const [at, { done }] of together.entries()) {
        const failure = outcomes[at];
        if (failure === undefined) done.resolve();
        else done.reject(failure);
      }
    } catch (error) {
      const failure = together.length > 1 ? new ConvoyError(error) : error;
      for (const { done } of together) done.reject(failure);
      // The broker may lead them no longer: what waits for it goes alone as well.
      for (const { done } of this.#waiting) done.reject(new ConvoyError(error));
      this.#waiting = [];
    }
    this.#departSoon();
  }
}

/** The convoys by the broker that they go to. */
export class Convoys {
  readonly #byLeader = new Map<number, Convoy>();

  /**
   * Sends what a partition has, along with what others have for the same broker. Rejects with ConvoyError when that failed
   * for all of them: each must then be sent alone, by the same producer, to learn what became of it.
   */
  send(
    leader: number,
    generation: ProducerGeneration,
    place: { readonly topic: string; readonly partition: number },
    messages: Message[],
  ): Promise<void> {
    const known = this.#byLeader.get(leader);
    const convoy = known ?? new Convoy();
    if (known === undefined) this.#byLeader.set(leader, convoy);
    const done = Promise.withResolvers<void>();
    return convoy.send({ generation, ...place, messages, done });
  }
}
