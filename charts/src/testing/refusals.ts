import type { Rendering } from "./helm.js";

/** Values that cannot work, and the sentence that they are refused with. */
export interface Refusal extends Rendering {
  readonly what: string;
  readonly sentence: RegExp;
}

/** Of the umbrella. */
export const refusals: readonly Refusal[] = (
  [
    ["an unknown key", { "voiceBridge.nope": 1 }, /voiceBridge[\s\S]*nope/],
    ["an unknown key at the top", { nope: 1 }, /nope/],
    ["an unknown global", { "global.nope": 1 }, /nope/],
    ["a wrong type", { "voiceBridge.drainSeconds": "long" }, /drainSeconds/],
    ["a wrong level", { "sipIngress.logLevel": "loud" }, /logLevel/],
    [
      "a drain longer than the grace",
      { "voiceBridge.terminationGracePeriodSeconds": 100 },
      /terminationGracePeriodSeconds \(100\) would cut calls that drainSeconds \(1200\)/,
    ],
    [
      "no brokers",
      { "global.kafka.clusterName": "", "kafkaTopics.enabled": false },
      /no Kafka address: set global\.kafka\.bootstrapServers/,
    ],
    [
      "topics without a cluster",
      {
        "global.kafka.clusterName": "",
        "global.kafka.bootstrapServers": "k:9092",
      },
      /no Strimzi cluster/,
    ],
    ["no Redis", { "redis.enabled": false }, /no Redis/],
    [
      "two of them",
      { "externalRedis.url": "redis://a" },
      /redis\.enabled=false/,
    ],
    [
      "a secret that services do not know",
      { "redis.enabled": false, "externalRedis.existingSecret": "cache" },
      /existingSecret is cache: name it in global\.redis\.existingSecret instead/,
    ],
    [
      "a Redis of the user's own beside the release's, by its address",
      { "global.redis.url": "redis://cache:6379" },
      /global\.redis\.url is set while redis\.enabled is true/,
    ],
    [
      "a Redis of the user's own beside the release's, by its secret",
      { "global.redis.existingSecret": "cache" },
      /global\.redis\.existingSecret is set while redis\.enabled is true/,
    ],
    [
      "two pods on one embedded database",
      { "agentCore.replicaCount": 2 },
      /replicaCount \(2\) needs database\.mode external/,
    ],
    [
      "topics that nobody could write to",
      { "kafkaTopics.replicas": 1 },
      /min\.insync\.replicas/,
    ],
    [
      "partitions of a topic that is not declared",
      { "kafkaTopics.partitions": { "no.such": 3 } },
      /no\.such/,
    ],
    [
      "three replicas on one broker",
      { "kafkaCluster.enabled": true },
      /kafkaTopics\.replicas=1/,
    ],
    [
      "an ingress without a host",
      { "voiceBridge.ingress.enabled": true },
      /ingress\.host is needed/,
    ],
    [
      "an address that is none",
      { "voiceBridge.publicUrl": "voice.example" },
      /publicUrl[\s\S]*https\?/,
    ],
    ["a port that is none", { "sipIngress.service.port": 0 }, /service\/port/],
    [
      "KEDA without the count of live calls",
      {
        "voiceBridge.keda.enabled": true,
        "voiceBridge.keda.prometheusAddress": "",
      },
      /prometheusAddress/,
    ],
    [
      "more pods at least than at most",
      {
        "whatsappBot.keda.enabled": true,
        "whatsappBot.autoscaling.minReplicas": 5,
        "whatsappBot.autoscaling.maxReplicas": 2,
      },
      /autoscaling\.minReplicas \(5\) is more than autoscaling\.maxReplicas \(2\)/,
    ],
    [
      "a way of signing in that is none",
      { "global.kafka.saslMechanism": "kerberos" },
      /saslMechanism/,
    ],
    [
      "a route without a gateway",
      { "voiceBridge.httpRoute.enabled": true },
      /httpRoute\.parentRefs is needed/,
    ],
  ] as const
).map(([what, values, sentence]) => ({ what, values, sentence }));

const channel = (kind: string, address: string) => ({
  "routing.channels": [{ kind, address, tenant: "a", agent: "sales" }],
});

/** Of the umbrella, with what the operator needs. */
export const operatorRefusals: readonly Refusal[] = [
  {
    what: "a routing document of the user's own beside the operator",
    values: { "global.routing.existingConfigMap": "mine" },
    sentence:
      /global\.routing\.existingConfigMap is mine while operator\.enabled/,
  },
  {
    what: "an upgrade of a cluster that does not know the operator's resources",
    values: {},
    flags: ["--is-upgrade"],
    sentence: /does not know Agents and Channels yet[\s\S]*kubectl apply/,
  },
  {
    what: "a kind of channel that is none",
    values: channel("fax", "1"),
    sentence: /kind must be one of twilio, sip, whatsapp, and is fax/,
  },
  {
    what: "a trunk over sips",
    values: channel("sip", "sips:trunk.example"),
    sentence: /sips:trunk\.example: a Channel's trunk is spoken to over sip/,
  },
];

/** Of a service's chart that is installed alone. */
export const refusalsAlone: readonly (Refusal & { readonly chart: string })[] =
  [
    {
      chart: "sip-ingress",
      what: "a service alone without brokers",
      values: { "global.redis.url": "redis://redis:6379" },
      sentence: /sip-ingress: no Kafka address/,
    },
    {
      chart: "sip-ingress",
      what: "a service alone without Redis",
      values: { "global.kafka.bootstrapServers": "kafka:9092" },
      sentence: /sip-ingress: no Redis address: set global\.redis\.url/,
    },
    {
      chart: "broker-orchestrator",
      what: "a service alone with a way of signing in that is none",
      values: {
        "global.kafka.bootstrapServers": "kafka:9092",
        "global.kafka.saslMechanism": "kerberos",
        "global.redis.url": "redis://redis:6379",
      },
      sentence:
        /broker-orchestrator: global\.kafka\.saslMechanism is kerberos: it must be plain, scram-sha-256 or scram-sha-512/,
    },
    {
      chart: "kafka-topics",
      what: "topics alone without a cluster",
      values: {},
      sentence: /kafka-topics: no Strimzi cluster: set global/,
    },
  ];
