import type { TopicPartition } from "./bus.js";

/** A partition as a map key. */
export function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** Partitions gathered by their topic. */
export function byTopic(
  places: readonly TopicPartition[],
): { topic: string; partitions: number[] }[] {
  const gathered = new Map<string, number[]>();
  for (const { topic, partition } of places) {
    const partitions = gathered.get(topic);
    if (partitions === undefined) gathered.set(topic, [partition]);
    else partitions.push(partition);
  }
  return [...gathered].map(([topic, partitions]) => ({ topic, partitions }));
}
