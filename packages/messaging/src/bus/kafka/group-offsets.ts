import type { CommitOffset, PartitionLag, TopicPartition } from "../bus.js";
import { byTopic, placeOf } from "../topic-partitions.js";
import type { ClusterAdmin } from "./admin.js";

/** What kafkajs says for "nothing committed". */
const NONE = "-1";

/** Where a group is, by the brokers' own books. */
export class GroupOffsets {
  readonly #admin: ClusterAdmin;
  readonly #group: string;

  constructor(admin: ClusterAdmin, group: string) {
    this.#admin = admin;
    this.#group = group;
  }

  /** The ends of those partitions that the group never committed. */
  async endsOfUncommitted(
    places: readonly TopicPartition[],
  ): Promise<CommitOffset[]> {
    const [committed, ends] = await Promise.all([
      this.#committed(places),
      this.#logs(places),
    ]);
    return places.flatMap((place) => {
      const end = ends.get(placeOf(place));
      return committed.has(placeOf(place)) || end === undefined
        ? []
        : [{ ...place, offset: end.high }];
    });
  }

  /** What is in the partitions beyond what is committed. */
  async lag(places: readonly TopicPartition[]): Promise<PartitionLag[]> {
    const [committed, logs] = await Promise.all([
      this.#committed(places),
      this.#logs(places),
    ]);
    return places.flatMap((place) => {
      const log = logs.get(placeOf(place));
      if (log === undefined) return [];
      const from = committed.get(placeOf(place)) ?? log.low;
      return [{ ...place, lag: Math.max(0, Number(log.high) - Number(from)) }];
    });
  }

  async #committed(
    places: readonly TopicPartition[],
  ): Promise<Map<string, string>> {
    const topics = byTopic(places).map(({ topic }) => topic);
    const groups = await this.#admin.ask((admin) =>
      admin.fetchOffsets({ groupId: this.#group, topics }),
    );
    const committed = new Map<string, string>();
    for (const { topic, partitions } of groups) {
      for (const { partition, offset } of partitions) {
        if (offset !== NONE)
          committed.set(placeOf({ topic, partition }), offset);
      }
    }
    return committed;
  }

  async #logs(
    places: readonly TopicPartition[],
  ): Promise<Map<string, { low: string; high: string }>> {
    const logs = new Map<string, { low: string; high: string }>();
    for (const { topic } of byTopic(places)) {
      const offsets = await this.#admin.ask((admin) =>
        admin.fetchTopicOffsets(topic),
      );
      for (const { partition, low, high } of offsets) {
        logs.set(placeOf({ topic, partition }), { low, high });
      }
    }
    return logs;
  }
}
