import type { IHeaders, KafkaMessage } from "kafkajs";
import type { ReceivedRecord, TopicPartition } from "../bus.js";

/** A kafkajs message as a record; a missing key or value is an empty one, which no decoder takes for an event. */
export function receivedRecord(
  { topic, partition }: TopicPartition,
  message: KafkaMessage,
): ReceivedRecord {
  return {
    topic,
    partition,
    offset: message.offset,
    timestampMs: Number(message.timestamp),
    key: message.key?.toString("utf8") ?? "",
    value: message.value ?? Buffer.alloc(0),
    headers: textHeaders(message.headers),
  };
}

/** Headers as text; of one that is there several times, the last. */
function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString("utf8");
  }
  return texts;
}
