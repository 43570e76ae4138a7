export { busSettings, busSettingsOf, type BusConfig } from "./config.js";
export { hostClock, type Clock, type Timer } from "./clock.js";
export {
  BusUnavailableError,
  InvalidEventError,
  MalformedRecordError,
  MessagingError,
  PublishError,
  SettingsError,
  StoreUnavailableError,
  type MalformedReason,
  type PublishErrorCode,
} from "./errors.js";
export type { MetricsSource } from "./metrics.js";
export {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventEnvelope,
  type EventInit,
} from "./events/event.js";
export {
  decodeEvent,
  encodeEvent,
  type EncodedEvent,
} from "./events/cloud-events.js";
export { createRecord, recordOf } from "./events/records.js";
export {
  eventSchemas,
  eventTypes,
  isEventType,
  type EventDataByType,
  type EventType,
} from "./events/schemas.js";
export {
  topicCatalogue,
  topicNames,
  type TopicName,
} from "./topics/catalogue.generated.js";
export { isTopicName, keyOf, type KeyRule } from "./topics/keys.js";
export { partitionOf } from "./topics/partitioner.js";
export type {
  Assignment,
  Bus,
  BusDependencies,
  BusRecord,
  BusSettings,
  CommitOffset,
  PartitionLag,
  PublishOptions,
  ReceivedRecord,
  RecordBatch,
  SaslSettings,
  SubscribeOptions,
  Subscription,
  TopicPartition,
} from "./bus/bus.js";
export { createBus } from "./bus/create-bus.js";
export {
  createMemoryBus,
  type MemoryBus,
  type MemoryBusOptions,
} from "./bus/memory/memory-bus.js";
export {
  createBatchConsumer,
  type BatchConsumer,
  type BatchConsumerOptions,
} from "./consumer/batch-consumer.js";
export type { TakenEvent } from "./consumer/taken-event.js";
export { createConsumer } from "./consumer/create-consumer.js";
export type {
  ConsumerOptions,
  EventConsumer,
  EventHandler,
  HandlerContext,
} from "./consumer/event-consumer.js";
export { createStore, type StoreDependencies } from "./store/create-store.js";
export { createMemoryStore } from "./store/memory-store.js";
export type {
  Broadcasts,
  ClaimOptions,
  ClaimResult,
  IdempotencyStore,
  KeyValueStore,
  Lifetime,
  Listening,
  Store,
  Versioned,
  VersionedChange,
  VersionedStore,
} from "./store/store.js";
export { tagOf } from "./store/store.js";
export {
  SpooledPublisher,
  type SpoolDepth,
  type SpooledPublisherOptions,
} from "./spool/spooled-publisher.js";
