export type { FoundCondition } from "./conditions.js";
export { microTimestamp, setCondition, timestamp } from "./conditions.js";
export {
  isConflict,
  isExpired,
  isNotFound,
  KubernetesError,
  NotLeaderError,
} from "./errors.js";
export type {
  EventRecorder,
  EventTarget,
  EventToRecord,
} from "./event-recorder.js";
export type {
  ApplyOptions,
  ConfigMapContent,
  Kubernetes,
  MetadataPatch,
  ObjectToWrite,
  Selection,
  WatchEvent,
} from "./kubernetes.js";
export type { CacheListener, ObjectCache } from "./object-cache.js";
export type { ObjectKey } from "./object-key.js";
export { keyText } from "./object-key.js";
export type {
  Reconciler,
  ReconcileContext,
  ReconcileResult,
} from "./reconciler.js";
export type { ResourceType } from "./resources.js";
export { resources } from "./resources.js";
