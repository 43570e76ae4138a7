import { randomName, until } from "@easymo/testbed";
import type { Bus, ReceivedRecord } from "../bus/bus.js";

/** The dead letters of a whole suite, from now on: one member for all of its tests, and nothing of earlier runs. */
export class DeadLetters {
  readonly #records: ReceivedRecord[] = [];

  static async watch(bus: Bus): Promise<DeadLetters> {
    const letters = new DeadLetters();
    const subscription = await bus.subscribe({
      group: randomName("dead-letters"),
      topics: ["broker.dlq"],
      onRecords: ({ records }) => letters.#records.push(...records),
    });
    await subscription.joined;
    return letters;
  }

  /** Those of one group, once there are so many. */
  of(group: string, count: number): Promise<ReceivedRecord[]> {
    return until(
      () => {
        const found = this.#records.filter(
          ({ headers }) => headers["x-group"] === group,
        );
        return found.length >= count ? found : undefined;
      },
      { what: `${count} dead letters` },
    );
  }
}
