import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { chartsIn } from "./charts.js";
import {
  chartsFolder,
  installation,
  helms,
  lint,
  named,
  ofKind,
  render,
  umbrellaWithStandIn,
  type Helm,
  type Manifest,
} from "./testing/helm.js";
import { ALONE, SERVICES } from "./testing/cases.js";
import { deploymentOf } from "./testing/pods.js";

const declaredTopic = z.looseObject({ kind: z.literal("KafkaTopic") });

const umbrella = umbrellaWithStandIn();
afterAll(() => umbrella.remove());

const renderUmbrella = (
  values: Record<string, unknown> = {},
  helm: Helm = "helm4",
) => render(helm, umbrella.folder, values);

describe.each(helms)("with %s", (helm) => {
  test("every chart is well-formed", async () => {
    for (const chart of chartsIn(chartsFolder))
      await lint(
        helm,
        chart.name === "phase4" ? umbrella.folder : chart.folder,
      );
  });

  test("the umbrella renders with its defaults: every service, topic and account", async () => {
    const all = await renderUmbrella({}, helm);
    expect(ofKind(all, "Deployment").map((one) => one.metadata.name)).toEqual(
      expect.arrayContaining(SERVICES.map((name) => `rel-${name}`)),
    );
    expect(ofKind(all, "KafkaTopic")).toHaveLength(8);
  });

  test("each service's chart renders alone", async () => {
    for (const name of SERVICES) {
      const all = await render(helm, join(chartsFolder, name), ALONE);
      expect(named(all, "Service", `rel-${name}`)).toBeDefined();
    }
  });
});

describe("every pod", () => {
  let deployments: Manifest[] = [];
  beforeAll(async () => {
    deployments = ofKind(await renderUmbrella(), "Deployment");
  });

  test("has a volume for what it writes; the embedded database's for its lock, beside its folder, too", () => {
    for (const deployment of deployments) {
      const { container, env } = deploymentOf(deployment);
      const written = [
        env.get("SPOOL_DIR")?.value,
        env.get("DATABASE_URL")?.value?.replace(/^pglite:(.*)\/.*$/, "$1"),
      ].filter((folder) => folder !== undefined);
      expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(["/tmp", ...written]),
      );
    }
  });

  test("passes Pod Security restricted, with a root that nobody writes to", () => {
    // The operator besides.
    expect(deployments).toHaveLength(SERVICES.length + 1);
    for (const deployment of deployments) {
      const { pod, container } = deploymentOf(deployment);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(pod.securityContext.runAsUser).toBeGreaterThan(0);
      // Only the operator speaks to the API server.
      expect(pod.automountServiceAccountToken).toBe(
        container.name === "operator",
      );
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("has probes, requests and a memory limit", () => {
    for (const deployment of deployments) {
      const { container } = deploymentOf(deployment);
      expect(container.readinessProbe).toMatchObject({
        httpGet: { path: "/readyz" },
      });
      expect(container.livenessProbe).toMatchObject({
        httpGet: { path: "/healthz" },
      });
      expect(container.startupProbe).toBeDefined();
      expect(Object.keys(container.resources.requests)).toEqual([
        "cpu",
        "memory",
      ]);
      expect(container.resources.limits).toHaveProperty("memory");
    }
  });

  test("has a budget, a network policy, an account and a check of its own", async () => {
    const all = await renderUmbrella();
    for (const name of SERVICES.map((service) => `rel-${service}`)) {
      expect(named(all, "PodDisruptionBudget", name)).toBeDefined();
      expect(named(all, "NetworkPolicy", name)).toBeDefined();
      expect(named(all, "ServiceAccount", name)).toBeDefined();
      expect(
        named(all, "Pod", `${name}-check`).metadata.annotations,
      ).toMatchObject({
        "helm.sh/hook": "test",
      });
    }
  });
});

describe("what the release shares", () => {
  test("reaches every service: brokers, Redis, images, the secret", async () => {
    const all = await renderUmbrella({
      "global.kafka.bootstrapServers": "a:9092,b:9092",
      "global.redis.url": "rediss://cache:6380",
      "global.imageRegistry": "registry.example",
      "global.imageTag": "1.2.3",
      "global.existingSecret": "mine",
      "redis.enabled": false,
    });
    for (const name of SERVICES) {
      const { container, env } = deploymentOf(
        named(all, "Deployment", `rel-${name}`),
      );
      expect(container.image).toBe(`registry.example/easymo/${name}:1.2.3`);
      if (name !== "agent-core") {
        expect(env.get("KAFKA_BROKERS")?.value).toBe("a:9092,b:9092");
        expect(env.get("REDIS_URL")?.value).toBe("rediss://cache:6380");
      }
      for (const variable of env.values())
        if ("valueFrom" in variable)
          expect(variable.valueFrom).toMatchObject({
            secretKeyRef: { name: "mine", key: variable.name },
          });
    }
    expect(ofKind(all, "Secret")).toEqual([]);
  });

  test("is made when nobody gives it: secrets at random, never the same twice", async () => {
    const [once, again] = await Promise.all([
      renderUmbrella(),
      renderUmbrella(),
    ]);
    const secretsOf = (all: Manifest[]) =>
      named(all, "Secret", "rel-secrets").data ?? {};
    const first = secretsOf(once);
    expect(Object.keys(first)).toEqual(
      expect.arrayContaining([
        "AGENT_CORE_JWT_SECRET",
        "META_APP_SECRET",
        "META_VERIFY_TOKEN",
        "SIP_INGRESS_TOKENS",
        "VOICE_API_TOKEN",
      ]),
    );
    for (const [name, value] of Object.entries(secretsOf(again)))
      expect(value).not.toBe(first[name]);
  });

  test("holds what was given, and a token for each tenant of the routing document", async () => {
    const all = await renderUmbrella({
      "secrets.OPENAI_API_KEY": "sk-given",
      "operator.enabled": false,
      "routing.channels": [
        { kind: "sip", address: "sip:a@b.example", tenant: "one", agent: "x" },
        { kind: "sip", address: "sip:c@b.example", tenant: "two", agent: "x" },
      ],
    });
    const data = named(all, "Secret", "rel-secrets").data ?? {};
    const plain = (name: string): string =>
      Buffer.from(data[name] ?? "", "base64").toString();
    expect(plain("OPENAI_API_KEY")).toBe("sk-given");
    expect(plain("SIP_INGRESS_TOKENS")).toMatch(/^one=\w{40},two=\w{40}$/);
    expect(
      named(all, "ConfigMap", "rel-routing").data?.["routing.yaml"],
    ).toContain("sip:c@b.example");
  });

  test("gives Redis and the services one password", async () => {
    const { data } = named(await renderUmbrella(), "Secret", "rel-redis-url");
    const plain = (name: string): string =>
      Buffer.from(data?.[name] ?? "", "base64").toString();
    expect(plain("REDIS_PASSWORD")).toMatch(/^\w{32}$/);
    expect(plain("REDIS_URL")).toBe(
      `redis://:${plain("REDIS_PASSWORD")}@rel-redis-master:6379`,
    );
  });

  test("takes a Redis of the user's own", async () => {
    const { data } = named(
      await renderUmbrella({
        "redis.enabled": false,
        "externalRedis.url": "rediss://u:p@cache:6380",
      }),
      "Secret",
      "rel-redis-url",
    );
    expect(Object.keys(data ?? {})).toEqual(["REDIS_URL"]);
  });
});

describe("a secret with the address of a Redis of the user's own", () => {
  test("is named once, and every service reads it", async () => {
    const all = await renderUmbrella({
      "redis.enabled": false,
      "global.redis.existingSecret": "cache",
    });
    expect(
      all.filter(({ metadata }) => metadata.name.includes("redis")),
    ).toEqual([]);
    for (const name of SERVICES.filter((one) => one !== "agent-core")) {
      const { env } = deploymentOf(named(all, "Deployment", `rel-${name}`));
      expect(env.get("REDIS_URL")).toMatchObject({
        valueFrom: { secretKeyRef: { name: "cache", key: "REDIS_URL" } },
      });
    }
  });
});

describe("topics", () => {
  test("are what topics.yaml declares", async () => {
    const declared = parseAllDocuments(
      readFileSync(
        join(chartsFolder, "../infrastructure/kafka/topics.yaml"),
        "utf8",
      ),
    )
      .map((document) => declaredTopic.nullable().parse(document.toJS()))
      .filter((value) => value !== null);
    const rendered = ofKind(await renderUmbrella(), "KafkaTopic");
    expect(rendered).toHaveLength(declared.length);
    for (const [i, topic] of declared.entries()) {
      expect(rendered[i]).toMatchObject({
        ...topic,
        metadata: { labels: { "strimzi.io/cluster": "easymo" } },
      });
      expect(rendered[i]?.metadata.annotations).not.toHaveProperty([
        "bridges.easymo.dev/overrides",
      ]);
    }
  });

  test("follow the values: version, cluster, replicas, partitions, and stay or go", async () => {
    const rendered = ofKind(
      await renderUmbrella({
        "kafkaTopics.apiVersion": "kafka.strimzi.io/v1beta2",
        "global.kafka.clusterName": "prod",
        "kafkaTopics.replicas": 1,
        "kafkaTopics.minInsyncReplicas": 1,
        "kafkaTopics.partitions": { "broker.dlq": 12 },
        "kafkaTopics.keepOnUninstall": false,
      }),
      "KafkaTopic",
    );
    const dlq = named(rendered, "KafkaTopic", "broker.dlq");
    expect(dlq.apiVersion).toBe("kafka.strimzi.io/v1beta2");
    expect(dlq.metadata.labels["strimzi.io/cluster"]).toBe("prod");
    expect(dlq.metadata.annotations).not.toHaveProperty([
      "helm.sh/resource-policy",
    ]);
    expect(dlq.spec).toMatchObject({
      partitions: 12,
      replicas: 1,
      config: { "min.insync.replicas": 1 },
    });
    // What is chosen otherwise is written down where the operator reads it.
    const overrides = (name: string): unknown =>
      JSON.parse(
        named(rendered, "KafkaTopic", name).metadata.annotations[
          "bridges.easymo.dev/overrides"
        ] ?? "",
      );
    expect(overrides("broker.dlq")).toEqual({
      partitions: 12,
      config: { "min.insync.replicas": 1 },
    });
    expect(overrides("broker.retry")).toEqual({
      config: { "min.insync.replicas": 1 },
    });
  });
});

describe("calls survive", () => {
  const voiceBridge = async (values: Record<string, unknown> = {}) => {
    const all = await renderUmbrella(values);
    return {
      all,
      ...deploymentOf(named(all, "Deployment", "rel-voice-bridge")),
    };
  };

  test("a pod's grace follows the drain, one pod more is started and none is missing", async () => {
    const { pod, spec, annotations, env } = await voiceBridge({
      "voiceBridge.drainSeconds": 600,
    });
    expect(env.get("DRAIN_SECONDS")?.value).toBe("600");
    expect(pod.terminationGracePeriodSeconds).toBe(660);
    expect(spec.strategy).toEqual({
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    expect(annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"]).toBe(
      "false",
    );
  });

  test("a drain of no time is said to the service too", async () => {
    const { env, pod } = await voiceBridge({ "voiceBridge.drainSeconds": 0 });
    expect(env.get("DRAIN_SECONDS")?.value).toBe("0");
    expect(pod.terminationGracePeriodSeconds).toBe(60);
  });

  test("scaling is on live calls, takes one pod a minute, and owns the replicas", async () => {
    const { all, spec } = await voiceBridge({
      "voiceBridge.autoscaling.enabled": true,
    });
    expect(spec.replicas).toBeUndefined();
    expect(
      named(all, "HorizontalPodAutoscaler", "rel-voice-bridge").spec,
    ).toMatchObject({
      metrics: [
        {
          type: "Pods",
          pods: { metric: { name: "easymo_voice_calls_active" } },
        },
      ],
      behavior: {
        scaleDown: {
          policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
        },
      },
    });
  });

  test("KEDA scales instead when it is there", async () => {
    const { all, spec } = await voiceBridge({
      "voiceBridge.keda.enabled": true,
      "voiceBridge.autoscaling.enabled": true,
    });
    expect(spec.replicas).toBeUndefined();
    expect(ofKind(all, "HorizontalPodAutoscaler")).toEqual([]);
    expect(
      JSON.stringify(named(all, "ScaledObject", "rel-voice-bridge").spec),
    ).toContain("easymo_voice_calls_active");
  });

  test("the orchestrator and the bot scale on how far they are behind", async () => {
    const all = await renderUmbrella({
      "brokerOrchestrator.keda.enabled": true,
      "whatsappBot.autoscaling.enabled": true,
    });
    expect(
      named(all, "ScaledObject", "rel-broker-orchestrator").spec,
    ).toMatchObject({
      triggers: [
        { type: "kafka", metadata: { topic: "whatsapp.inbound" } },
        { type: "kafka", metadata: { topic: "voice.contact.events" } },
        { type: "kafka", metadata: { topic: "voice.media.events" } },
        { type: "kafka", metadata: { topic: "voice.sip.events" } },
      ],
    });
    expect(
      named(all, "HorizontalPodAutoscaler", "rel-whatsapp-bot").spec,
    ).toMatchObject({
      metrics: [
        "whatsapp-bot.consent",
        "whatsapp-bot.leads",
        "whatsapp-bot.understanding",
        "whatsapp-bot.sending",
      ].map((consumergroup) => ({
        external: {
          metric: {
            name: "kafka_consumergroup_lag",
            selector: { matchLabels: { consumergroup } },
          },
        },
      })),
    });
  });
});

test("each chart alone tells what to do next, and a service's is asked by `helm test`", async () => {
  for (const { name, folder, type } of chartsIn(chartsFolder)) {
    if (type !== "application" || name === "phase4") continue;
    const { notes, hooks } = await installation(folder, {
      ...ALONE,
      "global.kafka.clusterName": "easymo",
    });
    expect({ name, notes }).toEqual({
      name,
      notes: expect.stringMatching(/\S+ [\s\S]{40}/),
    });
    if (name !== "dashboards" && name !== "kafka-topics")
      expect(hooks).toContain(`rel-${name}-check`);
  }
});

describe("KEDA asks the brokers as the services do", () => {
  const rendered = (kafka: Record<string, unknown>) =>
    renderUmbrella({ "whatsappBot.keda.enabled": true, ...kafka });

  test.each([
    ["plain", "plaintext"],
    ["scram-sha-256", "scram_sha256"],
    ["scram-sha-512", "scram_sha512"],
  ])("by %s over TLS", async (mechanism, word) => {
    const all = await rendered({
      "global.kafka.ssl": true,
      "global.kafka.saslMechanism": mechanism,
      "global.existingSecret": "mine",
    });
    const trigger = {
      metadata: { tls: "enable", sasl: word },
      authenticationRef: { name: "rel-whatsapp-bot-kafka" },
    };
    expect(named(all, "ScaledObject", "rel-whatsapp-bot").spec).toMatchObject({
      triggers: [trigger, trigger, trigger, trigger],
    });
    expect(
      named(all, "TriggerAuthentication", "rel-whatsapp-bot-kafka").spec,
    ).toEqual({
      secretTargetRef: [
        { parameter: "username", name: "mine", key: "KAFKA_SASL_USERNAME" },
        { parameter: "password", name: "mine", key: "KAFKA_SASL_PASSWORD" },
      ],
    });
  });

  test("in the open, when they are open", async () => {
    const all = await rendered({});
    expect(ofKind(all, "TriggerAuthentication")).toEqual([]);
    const { spec } = named(all, "ScaledObject", "rel-whatsapp-bot");
    expect(JSON.stringify(spec)).not.toMatch(/tls|sasl|authenticationRef/);
  });
});

describe("what the world reaches", () => {
  test("an ingress holds sockets open, with TLS, and names the address that signatures are over", async () => {
    const all = await renderUmbrella({
      "voiceBridge.ingress": {
        enabled: true,
        className: "nginx",
        host: "voice.example",
      },
    });
    const ingress = named(all, "Ingress", "rel-voice-bridge");
    expect(
      ingress.metadata.annotations[
        "nginx.ingress.kubernetes.io/proxy-read-timeout"
      ],
    ).toBe("7200");
    expect(ingress.spec).toMatchObject({
      ingressClassName: "nginx",
      tls: [{ hosts: ["voice.example"], secretName: "rel-voice-bridge-tls" }],
    });
    const { env } = deploymentOf(named(all, "Deployment", "rel-voice-bridge"));
    expect(env.get("PUBLIC_URL")?.value).toBe("https://voice.example");
  });

  test("a Gateway's route does as well", async () => {
    const all = await renderUmbrella({
      "whatsappBot.httpRoute": {
        enabled: true,
        parentRefs: [{ name: "public" }],
        hostnames: ["bot.example"],
      },
    });
    expect(named(all, "HTTPRoute", "rel-whatsapp-bot").spec).toMatchObject({
      parentRefs: [{ name: "public" }],
      hostnames: ["bot.example"],
    });
  });

  test("agent-core lets nobody in but its callers", async () => {
    const all = await renderUmbrella({ "agentCore.database.mode": "external" });
    const policy = JSON.stringify(
      named(all, "NetworkPolicy", "rel-agent-core").spec,
    );
    for (const caller of [
      "voice-bridge",
      "whatsapp-bot",
      "broker-orchestrator",
    ])
      expect(policy).toContain(caller);
    expect(policy).not.toContain("sip-ingress");
    expect(policy).toContain("5432");
  });
});

describe("optional parts", () => {
  test.each([
    [
      "a monitor",
      { "sipIngress.serviceMonitor.enabled": true },
      "ServiceMonitor",
    ],
    [
      "a Kafka for development",
      {
        "kafkaCluster.enabled": true,
        "kafkaTopics.replicas": 1,
        "kafkaTopics.minInsyncReplicas": 1,
      },
      "KafkaNodePool",
    ],
  ])(
    "%s is there when it is switched on, and only then",
    async (_, values, kind) => {
      expect(ofKind(await renderUmbrella(), kind)).toEqual([]);
      expect(ofKind(await renderUmbrella(values), kind)).not.toEqual([]);
    },
  );

  test.each([
    ["voiceBridge", "rel-voice-bridge"],
    ["sipIngress", "rel-sip-ingress"],
    ["whatsappBot", "rel-whatsapp-bot"],
    ["brokerOrchestrator", "rel-broker-orchestrator"],
    ["agentCore", "rel-agent-core"],
  ])("%s can be left out", async (alias, name) => {
    const all = await renderUmbrella({ [`${alias}.enabled`]: false });
    expect(all.filter((one) => one.metadata.name === name)).toEqual([]);
  });

  test("the embedded database has a volume of its own, an outside one has none", async () => {
    const claims = async (values: Record<string, unknown>) =>
      ofKind(await renderUmbrella(values), "PersistentVolumeClaim");
    expect(await claims({})).toHaveLength(1);
    expect(await claims({ "agentCore.persistence.enabled": false })).toEqual(
      [],
    );
    expect(await claims({ "agentCore.database.mode": "external" })).toEqual([]);
  });
});

describe("the values that are at hand", () => {
  test.each(helms)(
    "for production render with %s: no secret made, everything twice, TLS",
    async (helm) => {
      const all = await render(helm, umbrella.folder, {}, [
        "charts/phase4/values-production.example.yaml",
      ]);
      expect(ofKind(all, "Secret")).toEqual([]);
      expect(ofKind(all, "PersistentVolumeClaim")).toEqual([]);
      for (const deployment of ofKind(all, "Deployment")) {
        const { spec, env } = deploymentOf(deployment);
        expect(spec.replicas ?? 2).toBeGreaterThan(1);
        if (env.has("KAFKA_BROKERS")) {
          expect(env.get("KAFKA_SSL")?.value).toBe("true");
          expect(env.get("KAFKA_SASL_PASSWORD")).toMatchObject({
            valueFrom: { secretKeyRef: { name: "easymo-secrets" } },
          });
        }
      }
      for (const ingress of ofKind(all, "Ingress"))
        expect(ingress.spec).toHaveProperty("tls");
    },
  );

  test("for development render, with the offline model too", async () => {
    const all = await render("helm4", umbrella.folder, {}, [
      "manifests/values-development.yaml",
      "manifests/values-demo.yaml",
    ]);
    expect(ofKind(all, "KafkaNodePool")).toHaveLength(1);
    const { env } = deploymentOf(named(all, "Deployment", "rel-voice-bridge"));
    expect(env.get("OPENAI_REALTIME_URL")?.value).toBe(
      "ws://model-realtime-simulator:4900/v1/realtime",
    );
  });
});
