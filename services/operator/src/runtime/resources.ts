import { apiVersion as bridges, resourceNames } from "../api/index.js";

/** A kind of namespaced object, as the API server's paths name it. */
export interface ResourceType {
  /** `v1`, or `<group>/<version>`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** What the operator reads and writes. */
export const resources = {
  agents: {
    apiVersion: bridges,
    kind: resourceNames.Agent.kind,
    plural: resourceNames.Agent.plural,
  },
  channels: {
    apiVersion: bridges,
    kind: resourceNames.Channel.kind,
    plural: resourceNames.Channel.plural,
  },
  configMaps: { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps" },
  secrets: { apiVersion: "v1", kind: "Secret", plural: "secrets" },
  pods: { apiVersion: "v1", kind: "Pod", plural: "pods" },
  leases: {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    plural: "leases",
  },
  events: {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    plural: "events",
  },
  kafkaTopics: {
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaTopic",
    plural: "kafkatopics",
  },
} as const satisfies Record<string, ResourceType>;
