export { createKubernetes } from "./client.js";
export type { FoundCondition } from "./conditions.js";
export { setCondition, timestamp } from "./conditions.js";
export type { Controller, Term } from "./controller.js";
export { createController } from "./controller.js";
export {
  isConflict,
  isNotFound,
  KubernetesError,
  NotLeaderError,
} from "./errors.js";
export type {
  EventRecorder,
  EventTarget,
  EventToRecord,
} from "./event-recorder.js";
export { KubernetesEventRecorder } from "./event-recorder.js";
export { Informer } from "./informer.js";
export type { KeySource } from "./key-source.js";
export { fixedKeys, keysFrom } from "./key-source.js";
export { loadKubeConfig } from "./kube-config.js";
export type {
  ApplyOptions,
  ConfigMapContent,
  Kubernetes,
  MetadataPatch,
  ObjectToWrite,
  Selection,
  WatchEvent,
} from "./kubernetes.js";
export { LeaderElection } from "./leader-election.js";
export type { ObjectCache } from "./object-cache.js";
export type { ObjectKey } from "./object-key.js";
export { keyText } from "./object-key.js";
export { pause } from "./pause.js";
export type {
  Reconciler,
  ReconcileContext,
  ReconcileResult,
} from "./reconciler.js";
export { backoffMs } from "./backoff.js";
export { TokenBucket } from "./token-bucket.js";
export type { StatusToWrite } from "./status-to-write.js";
export { statusToWrite } from "./status-to-write.js";
export type { ResourceType } from "./resources.js";
export { resources } from "./resources.js";
