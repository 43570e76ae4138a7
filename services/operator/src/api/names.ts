/** The API group of the resources. */
export const apiGroup = "bridges.easymo.dev";
/** The version that is served and stored. */
export const apiVersionName = "v1alpha1";
/** As it stands in a manifest. */
export const apiVersion = `${apiGroup}/${apiVersionName}`;

/** The two resources by their kinds. */
export const resourceNames = {
  Agent: { kind: "Agent", plural: "agents", singular: "agent", short: "ag" },
  Channel: {
    kind: "Channel",
    plural: "channels",
    singular: "channel",
    short: "ch",
  },
} as const;
/** The kind of a resource. */
export type ResourceKind = keyof typeof resourceNames;

/** Who writes what this operator writes, for server-side apply. */
export const fieldManager = "easymo-operator";
/** Keeps a Channel until the provider's settings are taken back. */
export const providerFinalizer = `${apiGroup}/provider`;
/** On a Channel: what its number was set to before, and since, so that it can be taken back. */
export const providerMemoryAnnotation = `${apiGroup}/provider-settings`;
/** The hash of the routing document: on the ConfigMap, and on pods so that kubelet refreshes their mount. */
export const routingHashAnnotation = `${apiGroup}/routing-hash`;
/** The key of the ConfigMap that holds the routing document. */
export const routingDocumentKey = "routing.yaml";

/** Why an Agent is in the routing document, or is not. */
export const agentAcceptedReasons = [
  "Accepted",
  "NameTooLong",
  "NameInUse",
  "InstructionsMissing",
  "Invalid",
  "RoutingTooLarge",
] as const;
/** Why a Channel is in the routing document, or is not. */
export const channelAcceptedReasons = [
  "Accepted",
  "AgentNotFound",
  "AgentInvalid",
  "AddressInUse",
  "Suspended",
  "Invalid",
  "RoutingTooLarge",
] as const;
/** Why the provider sends what happens on an address here, or does not. */
export const programmedReasons = [
  "Programmed",
  "NotNeeded",
  "NotAccepted",
  "Suspended",
  "PublicUrlMissing",
  "CredentialsMissing",
  "CredentialsRejected",
  "NumberNotFound",
  "ProviderUnreachable",
  "ProviderRefused",
] as const;
/** Why Kafka's topics are as topics.yaml declares them, or are not. */
export const topicsReadyReasons = [
  "Ready",
  "Pending",
  "NotReady",
  "NotReconciled",
  "Differs",
  "Missing",
  "Unmanaged",
] as const;
/** Why people who write or call are answered; when they are not, the reason is that of the condition that does not hold. */
export const readyReason = "Ready";

/** What events tell besides the reasons of conditions: of the routing document, and of numbers at their providers. */
export const eventReasons = [
  "RoutingPutRight",
  "Programmed",
  "PutRight",
  "HandedOver",
  "TakenBack",
  "LeftAsIs",
  "LeftBehind",
] as const;
/** A reason of an event. */
export type EventReason = (typeof eventReasons)[number];

/** A reason of an Agent's condition Accepted. */
export type AgentAcceptedReason = (typeof agentAcceptedReasons)[number];
/** A reason of a Channel's condition Accepted. */
export type ChannelAcceptedReason = (typeof channelAcceptedReasons)[number];
/** A reason of an Agent's condition TopicsReady. */
export type TopicsReadyReason = (typeof topicsReadyReasons)[number];
/** A reason of a Channel's condition Programmed. */
export type ProgrammedReason = (typeof programmedReasons)[number];
