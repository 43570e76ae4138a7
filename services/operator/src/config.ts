import {
  integer,
  readConfig,
  secret,
  settings,
  url,
  type Environment,
} from "@easymo/service-kit";
import { z } from "zod";

const objectName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    "must be the name of a Kubernetes object: lower-case letters, digits, dots and hyphens",
  );

const namespaceName = z
  .string()
  .max(63)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    "must be a namespace's name: lower-case letters, digits and hyphens",
  );

/** Every setting of operator; docs/configuration.md is made from it. */
const shape = {
  ...settings({ port: 4500 }),
  /** The file that names the cluster, outside one; in a pod it is found by itself. */
  KUBECONFIG: z.string().min(1).optional(),
  /** The operator's own namespace: its lease, the routing ConfigMap and the release's pods are there. */
  POD_NAMESPACE: namespaceName,
  /** Who this replica is among those that would lead. */
  POD_NAME: objectName,
  /** Where Agents and Channels are watched: one namespace, `*` for all; default: its own. */
  WATCH_NAMESPACE: z
    .string()
    .max(63)
    .regex(
      /^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$/,
      "must be a namespace's name, or * for all",
    )
    .optional(),
  /** The Helm release whose pods are served: their label app.kubernetes.io/instance. */
  RELEASE_NAME: z.string().min(1).max(63),
  /** The Lease by which replicas agree who leads; default: `<release>-operator`. */
  LEASE_NAME: objectName.optional(),
  /** The ConfigMap that the services mount; default: `<release>-routing`. */
  ROUTING_CONFIGMAP: objectName.optional(),
  /** Where Twilio reaches voice-bridge; without it, no number's addresses are set. */
  VOICE_PUBLIC_URL: url().optional(),
  /** Where Meta reaches whatsapp-bot; without it, no webhook is subscribed. */
  WHATSAPP_PUBLIC_URL: url().optional(),
  /** Whose numbers are set, where a Channel names no Secret of its own; such a Secret's keys are named alike. */
  TWILIO_ACCOUNT_SID: z.string().min(1).optional(),
  /** Opens Twilio's REST API, where a Channel names no Secret. */
  TWILIO_AUTH_TOKEN: secret().min(1).optional(),
  /** Twilio's REST API. */
  TWILIO_API_URL: url().default("https://api.twilio.com"),
  /** Opens the Graph API, where a Channel names no Secret. */
  META_ACCESS_TOKEN: secret().min(1).optional(),
  /** What Meta shows to whatsapp-bot when it verifies the address; the same as whatsapp-bot's. */
  META_VERIFY_TOKEN: secret().min(1).optional(),
  /** Meta's Graph API, with the version. */
  GRAPH_API_URL: url().default("https://graph.facebook.com/v25.0"),
  /** How often everything is looked at again though nothing was heard of it. */
  RESYNC_SECONDS: integer({ min: 10, max: 86_400 }).default(300),
  /** How often Twilio and Meta are asked whether the addresses are still as they were set. */
  PROVIDER_CHECK_SECONDS: integer({ min: 10, max: 86_400 }).default(300),
  /** Strimzi's cluster whose KafkaTopics are looked at; without it, none are. */
  KAFKA_CLUSTER_NAME: objectName.optional(),
};

export type OperatorConfig = ReturnType<typeof readOperatorConfig>;

/** Reads and checks the environment. Throws ConfigError with every problem. */
export function readOperatorConfig(env: Environment) {
  return readConfig(shape, env);
}
