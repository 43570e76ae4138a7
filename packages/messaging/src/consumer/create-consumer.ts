import type { ConsumerOptions, EventConsumer } from "./event-consumer.js";
import { GroupConsumer } from "./group-consumer.js";

/**
 * A member of a consumer group that handles events at least once: those of one key in order and one at a time, those of
 * different keys at the same time. What fails is tried again through the retry topic, without holding up anything else,
 * and ends in the dead letters; with `handled`, an event id is handled once. Starts nothing until `start`.
 */
export function createConsumer(options: ConsumerOptions): EventConsumer {
  return new GroupConsumer(options);
}
