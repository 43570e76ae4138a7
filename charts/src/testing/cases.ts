import type { Rendering } from "./helm.js";

/** Values that, between them, go through every branch of the templates. */
export interface Case extends Rendering {
  readonly name: string;
}

export const SERVICES = [
  "agent-core",
  "broker-orchestrator",
  "sip-ingress",
  "voice-bridge",
  "whatsapp-bot",
] as const;

/** What a service's chart needs when it is installed alone. */
export const ALONE = {
  "global.kafka.bootstrapServers": "kafka:9092",
  "global.redis.url": "redis://redis:6379",
};

/** Every optional part of a pod and of what stands around it, switched on. */
const EVERYTHING = {
  podLabels: { team: "voice" },
  podAnnotations: { "example.com/note": "yes" },
  imagePullSecrets: [{ name: "registry" }],
  priorityClassName: "high",
  tracing: { endpoint: "http://collector:4318" },
  extraEnv: [{ name: "TZ", value: "Africa/Kigali" }],
  extraVolumes: [{ name: "extra", emptyDir: {} }],
  extraVolumeMounts: [{ name: "extra", mountPath: "/extra" }],
  nodeSelector: { "kubernetes.io/arch": "amd64" },
  tolerations: [{ key: "calls", operator: "Exists" }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: "voice", operator: "Exists" }] },
        ],
      },
    },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
    },
  ],
  service: {
    type: "NodePort",
    nodePort: 30100,
    annotations: { "example.com/note": "yes" },
  },
  serviceAccount: { name: "mine", annotations: { "example.com/role": "x" } },
  image: { digest: `sha256:${"0".repeat(64)}` },
  serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
  networkPolicy: {
    ingressFrom: [{ podSelector: { matchLabels: { app: "proxy" } } }],
    extraEgress: [{ ports: [{ port: 8080, protocol: "TCP" }] }],
  },
};

const INGRESS = {
  enabled: true,
  className: "nginx",
  host: "door.example",
  annotations: { "example.com/note": "yes" },
  tls: { enabled: true, secretName: "certificate" },
};
const ROUTE = {
  enabled: true,
  parentRefs: [{ name: "public" }],
  hostnames: ["door.example"],
};

/** An agent that may begin a conversation on WhatsApp. */
const SELLER = {
  name: "seller",
  instructions: "You sell.",
  whatsapp: {
    template: { name: "hello", language: "en", parameters: { name: "name" } },
  },
};
/** One of each kind of address. */
const CHANNELS = [
  { kind: "twilio", address: "+250780000001", tenant: "a", agent: "sales" },
  { kind: "whatsapp", address: "1065403", tenant: "a", agent: "seller" },
  { kind: "sip", address: "sip:trunk.example", tenant: "a", agent: "sales" },
  {
    kind: "sip",
    address: "sip:c@d.example",
    tenant: "a",
    agent: "sales",
    name: "desk",
  },
];

/** As little around a pod as can be asked for. */
const NOTHING = {
  podDisruptionBudget: { enabled: false },
  networkPolicy: { enabled: false },
  serviceAccount: { create: false },
};

const DOORS: ReadonlySet<string> = new Set([
  "sip-ingress",
  "voice-bridge",
  "whatsapp-bot",
]);
const ON_KAFKA: ReadonlySet<string> = new Set([
  "broker-orchestrator",
  ...DOORS,
]);
/** Those that call agent-core. */
const CALLERS: ReadonlySet<string> = new Set([
  "broker-orchestrator",
  "voice-bridge",
  "whatsapp-bot",
]);

/** Values under their alias in the umbrella. */
function under(
  charts: Iterable<string>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const chart of charts) {
    const alias = chart.replaceAll(/-(\w)/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    for (const [key, value] of Object.entries(values))
      found[`${alias}.${key}`] = value;
  }
  return found;
}

/** Of the umbrella. */
export const umbrellaCases: readonly Case[] = [
  { name: "the defaults", values: {} },
  {
    name: "production",
    values: {},
    valuesFiles: ["charts/phase4/values-production.example.yaml"],
  },
  {
    name: "development",
    values: {},
    valuesFiles: [
      "manifests/values-development.yaml",
      "manifests/values-demo.yaml",
    ],
  },
  {
    name: "everything that can be switched on",
    values: {
      ...under([...SERVICES, "operator"], EVERYTHING),
      ...under(DOORS, { ingress: INGRESS, httpRoute: ROUTE }),
      ...under(CALLERS, {
        "autoscaling.enabled": true,
      }),
      "global.imageRegistry": "registry.example",
      "global.kafka.ssl": true,
      "global.kafka.saslMechanism": "plain",
      "operator.replicaCount": 2,
      "operator.clusterWide": true,
      "operator.credentialsSecrets": ["twilio"],
      "routing.agents": [{ name: "sales" }, SELLER],
      "routing.channels": [
        ...CHANNELS,
        {
          kind: "sip",
          address: "sip:a@b.example",
          tenant: "a",
          agent: "sales",
        },
      ],
      "secrets.OPENAI_API_KEY": "sk-given",
      "secrets.TWILIO_AUTH_TOKEN": "given",
      "secrets.META_APP_SECRET": "given",
      "secrets.META_ACCESS_TOKEN": "given",
      "voiceBridge.terminationGracePeriodSeconds": 1300,
      "agentCore.persistence.storageClassName": "fast",
      "agentCore.momoMerchants": { a: "0012" },
      "agentCore.transferQueues": { sales: "+250788000009" },
      "kafkaTopics.namespace": "kafka",
      "kafkaTopics.partitions": { "broker.dlq": 12 },
      "dashboards.namespace": "monitoring",
      "dashboards.labels": { team: "voice" },
      "prometheusRule.enabled": true,
      "prometheusRule.labels": { release: "prometheus" },
    },
  },
  {
    name: "everything that can be switched off",
    values: {
      ...under([...SERVICES, "operator"], NOTHING),
      "operator.rbac.create": false,
      "operator.uninstall.enabled": false,
      "kafkaTopics.keepOnUninstall": false,
      "dashboards.folder": "",
      "agentCore.persistence.enabled": false,
    },
  },
  {
    name: "doors without TLS, hosts or scrapers; a release by the name of a part",
    release: "agent-core",
    values: {
      ...under(DOORS, {
        ingress: {
          enabled: true,
          host: "door.example",
          tls: { enabled: false },
        },
        httpRoute: { enabled: true, parentRefs: [{ name: "public" }] },
        "networkPolicy.metricsFrom": [],
      }),
      "secrets.SIP_INGRESS_TOKENS": "default=given",
      "secrets.AGENT_CORE_JWT_SECRET": "given",
      "secrets.OPENAI_API_KEY": "",
      "operator.watchNamespace": "agents",
      "operator.topics.enabled": false,
      "routing.agents": [
        {
          ...SELLER,
          whatsapp: { template: { name: "hello", language: "en" } },
        },
      ],
      "operator.networkPolicy.metricsFrom": [],
    },
  },
  {
    name: "no operator, and no number yet",
    values: { "operator.enabled": false },
  },
  {
    name: "an operator without what it looks after",
    values: under(SERVICES, { enabled: false }),
  },
  {
    name: "a routing document of the user's own, an installed secret",
    values: {
      "operator.enabled": false,
      "routing.channels": CHANNELS,
      "global.existingSecret": "mine",
    },
  },
  {
    name: "no part at all",
    values: {
      ...under([...SERVICES, "operator", "kafka-topics", "dashboards"], {
        enabled: false,
      }),
      "redis.enabled": false,
      "externalRedis.url": "rediss://cache:6380",
      "global.routing.existingConfigMap": "routing",
    },
  },
  {
    name: "KEDA where nobody is asked",
    values: under(CALLERS, { "keda.enabled": true }),
  },
  {
    name: "KEDA, an outside database, a Kafka that keeps its data and asks who one is",
    values: {
      ...under(CALLERS, {
        "keda.enabled": true,
      }),
      ...under(DOORS, { httpRoute: ROUTE }),
      "agentCore.database.mode": "external",
      "global.kafka.ssl": true,
      "global.kafka.saslMechanism": "scram-sha-512",
      "kafkaTopics.replicas": 1,
      "kafkaTopics.minInsyncReplicas": 1,
      "kafkaCluster.enabled": true,
      "kafkaCluster.version": "4.3.0",
      "kafkaCluster.storage.persistent": true,
    },
  },
];

/** Of a service's chart, installed alone. */
export function aloneCases(chart: string): readonly Case[] {
  const onKafka = ON_KAFKA.has(chart);
  return [
    { name: `${chart} alone`, values: ALONE },
    {
      name: `${chart} alone, with names and addresses of its own`,
      values: {
        fullnameOverride: "own-name",
        ...(chart !== "realtime-simulator" && { existingSecret: "mine" }),
        ...(onKafka && {
          "kafka.bootstrapServers": "kafka:9092",
          "redis.url": "redis://redis:6379",
          "routing.document": "agents: []\nchannels: []\n",
        }),
        ...(DOORS.has(chart) && { publicUrl: "https://door.example" }),
        ...(CALLERS.has(chart) && { "agentCore.url": "http://own:4000" }),
      },
    },
    {
      name: `${chart} alone, with a secret for Redis and a Strimzi cluster's name`,
      values: {
        nameOverride: "rel",
        "image.registry": "",
        "networkPolicy.enabled": false,
        "serviceAccount.create": false,
        ...(onKafka && {
          "global.kafka.clusterName": "easymo",
          "redis.existingSecret": "cache",
        }),
      },
    },
  ];
}
