import type { Values } from "./cluster/helm.js";
import type { Backends } from "./outside/backends.js";
import {
  ACCOUNT_SID,
  AGENT,
  DESK,
  PHONE_NUMBER_ID,
  PUBLIC_URL,
  SIP_DESK,
  WHATSAPP_PUBLIC_URL,
  TENANT,
} from "./outside/numbers.js";

/** What the chart needs to know of the world around the release. */
export interface Surroundings {
  readonly backends: Backends;
  readonly hostAddress: string;
  readonly graphApiPort: number;
  readonly carrierUrl: string;
  readonly imageRegistry: string;
  readonly imageTag: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Long enough for every call of the run, and short enough for a pod to go in it. */
export const DRAIN_SECONDS = 240;

const SERVICES = [
  "agentCore",
  "voiceBridge",
  "sipIngress",
  "whatsappBot",
  "brokerOrchestrator",
  "operator",
] as const;

/** One node has little room: everything small, and nothing left out. */
const small = {
  resources: {
    requests: { cpu: "20m", memory: "96Mi" },
    limits: { memory: "384Mi" },
  },
};

/** The umbrella's values for the run: production's shape, on a small node. */
export function releaseValues(around: Surroundings): Values {
  const networkPolicy = {
    kafkaPorts: around.backends.kafkaPorts,
    redisPorts: [around.backends.redisPort],
    postgresPorts: [around.backends.postgresPort],
    internetPorts: [
      443,
      around.graphApiPort,
      Number(new URL(around.carrierUrl).port),
    ],
  };
  const service = { ...small, networkPolicy };
  const outside = { ...service, service: { type: "NodePort" } };
  return {
    global: {
      // The charts' repositories begin with the project's name already.
      imageRegistry: around.imageRegistry.replace(/\/easymo$/, ""),
      imageTag: around.imageTag,
      kafka: { bootstrapServers: around.backends.brokers.join(",") },
    },
    redis: { enabled: false },
    externalRedis: { url: around.backends.redisUrl },
    secrets: {
      OPENAI_API_KEY: "offline",
      DATABASE_URL: around.backends.databaseUrl,
      ...around.secrets,
    },
    kafkaTopics: { replicas: 1, minInsyncReplicas: 1, keepOnUninstall: false },
    agentCore: {
      ...service,
      replicaCount: 2,
      database: { mode: "external" },
      momoMerchants: { [TENANT]: "400200" },
      transferQueues: { sales: "+250788000009" },
    },
    voiceBridge: {
      ...outside,
      publicUrl: PUBLIC_URL,
      drainSeconds: DRAIN_SECONDS,
      mediaSampleSeconds: 2,
      twilio: { accountSid: ACCOUNT_SID, apiUrl: around.carrierUrl },
      model: { realtimeUrl: `ws://${MODEL}:4900/v1/realtime` },
      networkPolicy: { ...networkPolicy, extraEgress: [TO_MODEL] },
    },
    sipIngress: outside,
    whatsappBot: {
      ...outside,
      publicUrl: WHATSAPP_PUBLIC_URL,
      meta: {
        graphApiUrl: `http://${around.hostAddress}:${around.graphApiPort}/v25.0`,
      },
    },
    brokerOrchestrator: service,
    routing: ROUTING,
    operator: {
      ...small,
      networkPolicy: { internetPorts: [...networkPolicy.internetPorts, 6443] },
    },
  };
}

/** The release of the model, and the Service that it makes. */
export const MODEL_RELEASE = "model";
const MODEL = `${MODEL_RELEASE}-realtime-simulator`;
const TO_MODEL = {
  to: [
    {
      podSelector: {
        matchLabels: { "app.kubernetes.io/name": "realtime-simulator" },
      },
    },
  ],
};

export function modelValues(around: Surroundings): Values {
  return {
    ...small,
    global: {
      imageRegistry: around.imageRegistry.replace(/\/easymo$/, ""),
      imageTag: around.imageTag,
    },
  };
}

/** Another text of every pod's template: an upgrade with it replaces every pod. */
export function newGeneration(name: string): Values {
  return Object.fromEntries(
    SERVICES.map((service) => [
      service,
      { podAnnotations: { "bridges.easymo.dev/generation": name } },
    ]),
  );
}

const ROUTING = {
  agents: [
    {
      name: AGENT,
      instructions:
        "You help people in Kigali find and pay for moto spare parts.",
      model: "gpt-realtime",
      voice: "marin",
      languages: ["en", "rw", "fr", "sw"],
      greeting: "Muraho, you are speaking with the spare parts desk.",
      tools: [
        "fetch_lead",
        "log_lead",
        "capture_intent",
        "collect_payment",
        "set_disposition",
        "warm_transfer",
        "register_opt_out",
      ],
      turnDetection: { type: "server_vad" },
      optOut: {
        phrases: ["stop calling me", "ntuzongere kumpamagara"],
        dtmf: "9",
      },
      payment: { region: "rw", currency: "RWF" },
      transfer: { queue: "sales", to: "+250788000009" },
    },
  ],
  channels: [
    { kind: "twilio", address: DESK, tenant: TENANT, agent: AGENT },
    { kind: "sip", address: SIP_DESK, tenant: TENANT, agent: AGENT },
    {
      kind: "whatsapp",
      address: PHONE_NUMBER_ID,
      tenant: TENANT,
      agent: AGENT,
    },
  ],
};
