import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import {
  chartsFolder,
  helms,
  named,
  ofKind,
  render,
  template,
  umbrellaWithStandIn,
  type Manifest,
} from "./testing/helm.js";
import {
  rightsOfUninstall,
  rightsOnRelease,
  rightsOnResources,
  rightsOnTopics,
  rulesOf,
} from "./testing/operator-rights.js";
import { deploymentOf } from "./testing/pods.js";

const rules = z.looseObject({ rules: z.array(z.unknown()) });
const binding = z.looseObject({
  roleRef: z.looseObject({ kind: z.string(), name: z.string() }),
  subjects: z.array(z.unknown()),
});
const resource = z.looseObject({ spec: z.looseObject({}) });

const umbrella = umbrellaWithStandIn();
afterAll(() => umbrella.remove());

const rulesIn = (manifest: Manifest) => rules.parse(manifest).rules;
const specs = (all: readonly Manifest[], kind: string) =>
  Object.fromEntries(
    ofKind(all, kind).map((one) => [
      one.metadata.name,
      resource.parse(one).spec,
    ]),
  );

const ROUTING = {
  "routing.agents": [
    { name: "sales", languages: ["rw"], optOut: { phrases: ["stop"] } },
    {
      name: "support",
      whatsapp: {
        template: {
          name: "hello",
          language: "en",
          parameters: { customer: "{name|friend}" },
        },
      },
    },
  ],
  "routing.channels": [
    { kind: "twilio", address: "+250780000001", tenant: "t", agent: "sales" },
    { kind: "whatsapp", address: "106540", tenant: "t", agent: "sales" },
    { kind: "sip", address: "sip:a@b.example", tenant: "t", agent: "sales" },
    { kind: "sip", address: "sip:a.b@example", tenant: "t", agent: "sales" },
    { kind: "sip", address: "sip:b.example", tenant: "t", agent: "support" },
  ],
};

describe.each(helms)("the operator in the umbrella, by %s", (helm) => {
  const renderUmbrella = (values: Record<string, unknown> = {}) =>
    render(helm, umbrella.folder, values);

  test("may do what it has a reason for, and nothing else", async () => {
    const all = await renderUmbrella();
    expect(rulesIn(named(all, "Role", "rel-operator"))).toEqual(
      rulesOf([...rightsOnResources, ...rightsOnRelease, ...rightsOnTopics]),
    );
    expect(binding.parse(named(all, "RoleBinding", "rel-operator"))).toEqual(
      expect.objectContaining({
        subjects: [
          {
            kind: "ServiceAccount",
            name: "rel-operator",
            namespace: "easymo",
          },
        ],
      }),
    );
    expect(ofKind(all, "ClusterRole")).toEqual([]);
    expect(ofKind(all, "ClusterRoleBinding")).toEqual([]);
    expect(rulesIn(named(all, "Role", "rel-operator-uninstall"))).toEqual(
      rulesOf(rightsOfUninstall),
    );
    expect(ofKind(all, "Role")).toHaveLength(2);
  });

  test("may see other namespaces' Agents only when it is told to, and never their pods", async () => {
    const all = await renderUmbrella({ "operator.clusterWide": true });
    expect(ofKind(all, "ClusterRole")).toHaveLength(2);
    expect(
      rulesIn(named(all, "ClusterRole", "easymo-rel-operator-uninstall")),
    ).toEqual([
      {
        apiGroups: ["bridges.easymo.dev"],
        resources: ["channels"],
        verbs: ["list", "patch"],
      },
    ]);
    expect(rulesIn(named(all, "ClusterRole", "easymo-rel-operator"))).toEqual(
      rulesOf(rightsOnResources),
    );
    expect(rulesIn(named(all, "Role", "rel-operator"))).toEqual(
      rulesOf([...rightsOnRelease, ...rightsOnTopics]),
    );
    expect(
      binding.parse(named(all, "ClusterRoleBinding", "easymo-rel-operator"))
        .roleRef,
    ).toMatchObject({ kind: "ClusterRole", name: "easymo-rel-operator" });
    const { env } = deploymentOf(named(all, "Deployment", "rel-operator"));
    expect(env.get("WATCH_NAMESPACE")?.value).toBe("*");
  });

  test("may see one other namespace instead, by a Role there", async () => {
    const all = await renderUmbrella({
      ...ROUTING,
      "operator.watchNamespace": "agents",
      "operator.topics.enabled": false,
    });
    for (const kind of ["Agent", "Channel"])
      for (const { metadata } of ofKind(all, kind))
        expect(metadata.namespace).toBe("agents");
    expect(
      rulesIn(named(all, "Role", "rel-operator-uninstall-channels")),
    ).toEqual(rulesOf(rightsOfUninstall.slice(0, 1)));
    expect(rulesIn(named(all, "Role", "rel-operator-uninstall"))).toEqual(
      rulesOf(rightsOfUninstall.slice(1)),
    );
    const there = named(all, "Role", "rel-operator-resources");
    expect(there.metadata.namespace).toBe("agents");
    expect(rulesIn(there)).toEqual(rulesOf(rightsOnResources));
    expect(
      named(all, "RoleBinding", "rel-operator-resources").metadata.namespace,
    ).toBe("agents");
    expect(rulesIn(named(all, "Role", "rel-operator"))).toEqual(
      rulesOf(rightsOnRelease),
    );
  });

  test("may read no other Secrets than those that were named, when some were", async () => {
    const all = await renderUmbrella({
      "operator.credentialsSecrets": ["a-twilio", "b-twilio"],
    });
    expect(rulesIn(named(all, "Role", "rel-operator"))).toContainEqual({
      apiGroups: [""],
      resources: ["secrets"],
      resourceNames: ["a-twilio", "b-twilio"],
      verbs: ["get"],
    });
  });

  test("gets Agents and Channels of the values, and the document is its own", async () => {
    const all = await renderUmbrella(ROUTING);
    expect(specs(all, "Agent")).toEqual({
      sales: { languages: ["rw"], optOut: { phrases: ["stop"] } },
      support: {
        whatsapp: {
          template: {
            name: "hello",
            language: "en",
            namedParameters: { customer: "{name|friend}" },
          },
        },
      },
    });
    const channels = specs(all, "Channel");
    expect(Object.keys(channels)).toHaveLength(5);
    expect(Object.values(channels)).toEqual(
      expect.arrayContaining([
        {
          tenant: "t",
          agentRef: { name: "sales" },
          twilio: { number: "+250780000001" },
        },
        {
          tenant: "t",
          agentRef: { name: "sales" },
          whatsapp: { phoneNumberId: "106540" },
        },
        {
          tenant: "t",
          agentRef: { name: "sales" },
          sip: { uri: "sip:a@b.example" },
        },
        {
          tenant: "t",
          agentRef: { name: "support" },
          sip: { trunk: "b.example" },
        },
      ]),
    );
    for (const name of Object.keys(channels))
      expect(name).toMatch(/^(twilio|whatsapp|sip)-[a-z0-9-]+[a-z0-9]$/);
    // There from the beginning so that it goes with the release; pods wait until it has the document.
    expect(
      named(all, "ConfigMap", "rel-routing").data?.["routing.yaml"],
    ).toBeUndefined();
  });

  test("leaves everything as it was when it is off", async () => {
    const all = await renderUmbrella({ ...ROUTING, "operator.enabled": false });
    expect(ofKind(all, "Agent")).toEqual([]);
    expect(ofKind(all, "Channel")).toEqual([]);
    expect(ofKind(all, "Role")).toEqual([]);
    expect(all.filter((one) => one.metadata.name === "rel-operator")).toEqual(
      [],
    );
    const document = named(all, "ConfigMap", "rel-routing").data?.[
      "routing.yaml"
    ];
    expect(parse(document ?? "")).toEqual({
      agents: ROUTING["routing.agents"],
      channels: ROUTING["routing.channels"],
    });
  });

  test("knows the addresses that the world knows, and none that it does not", async () => {
    const envOf = async (values: Record<string, unknown>) =>
      deploymentOf(
        named(await renderUmbrella(values), "Deployment", "rel-operator"),
      ).env;
    const inside = await envOf({});
    expect(inside.has("VOICE_PUBLIC_URL")).toBe(false);
    expect(inside.has("WHATSAPP_PUBLIC_URL")).toBe(false);
    const outside = await envOf({
      "voiceBridge.ingress": { enabled: true, host: "voice.example" },
      "voiceBridge.twilio.accountSid": "AC1",
      "whatsappBot.publicUrl": "https://bot.example",
      "whatsappBot.meta.graphApiUrl": "https://graph.example/v25.0",
    });
    expect(outside.get("VOICE_PUBLIC_URL")?.value).toBe(
      "https://voice.example",
    );
    expect(outside.get("WHATSAPP_PUBLIC_URL")?.value).toBe(
      "https://bot.example",
    );
    expect(outside.get("TWILIO_ACCOUNT_SID")?.value).toBe("AC1");
    expect(outside.get("GRAPH_API_URL")?.value).toBe(
      "https://graph.example/v25.0",
    );
  });

  test("has a budget when there are two of it, which agree by one Lease", async () => {
    expect(
      ofKind(await renderUmbrella(), "PodDisruptionBudget").map(
        (one) => one.metadata.name,
      ),
    ).not.toContain("rel-operator");
    const all = await renderUmbrella({ "operator.replicaCount": 2 });
    expect(named(all, "PodDisruptionBudget", "rel-operator").spec).toEqual(
      expect.objectContaining({ maxUnavailable: 1 }),
    );
    const { spec, env } = deploymentOf(
      named(all, "Deployment", "rel-operator"),
    );
    expect(spec.replicas).toBe(2);
    expect(env.get("LEASE_NAME")?.value).toBe("rel-operator");
    expect(env.get("POD_NAME")).toMatchObject({
      valueFrom: { fieldRef: { fieldPath: "metadata.name" } },
    });
  });

  test("is let in where there are metrics to read, and goes nowhere else in the release", async () => {
    const all = await renderUmbrella({
      "voiceBridge.networkPolicy.ingressFrom": [{ podSelector: {} }],
      "sipIngress.networkPolicy.ingressFrom": [{ podSelector: {} }],
      "whatsappBot.networkPolicy.ingressFrom": [{ podSelector: {} }],
    });
    const operator = {
      podSelector: {
        matchLabels: {
          "app.kubernetes.io/name": "operator",
          "app.kubernetes.io/instance": "rel",
        },
      },
    };
    const scraped = [
      "broker-orchestrator",
      "sip-ingress",
      "voice-bridge",
      "whatsapp-bot",
    ];
    for (const name of scraped)
      expect(named(all, "NetworkPolicy", `rel-${name}`).spec).toMatchObject({
        ingress: [{ from: expect.arrayContaining([operator]) }],
      });
    expect(
      JSON.stringify(named(all, "NetworkPolicy", "rel-agent-core").spec),
    ).not.toContain('"operator"');
    const { egress } = z
      .looseObject({
        egress: z.array(z.looseObject({ to: z.array(z.unknown()).optional() })),
      })
      .parse(named(all, "NetworkPolicy", "rel-operator").spec);
    const to = JSON.stringify(egress);
    for (const name of scraped) expect(to).toContain(`"${name}"`);
    expect(to).not.toContain("agent-core");
    expect(to).not.toContain("9092");
  });

  test("takes back what it set before the release goes, by a hook that is there only then", async () => {
    const hooks = (await renderUmbrella()).filter(
      ({ metadata }) => metadata.name === "rel-operator-uninstall",
    );
    expect(hooks.map(({ kind }) => kind).sort()).toEqual([
      "Job",
      "Role",
      "RoleBinding",
      "ServiceAccount",
    ]);
    for (const { metadata } of hooks)
      expect(metadata.annotations).toMatchObject({
        "helm.sh/hook": "pre-delete",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      });
    const { pod, container } = deploymentOf(
      named(hooks, "Job", "rel-operator-uninstall"),
    );
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  test("alone, its chart makes it with what it is told", async () => {
    const all = await render(helm, join(chartsFolder, "operator"), {
      "publicUrls.voice": "https://voice.example",
      "routing.configMapName": "numbers",
    });
    const { env } = deploymentOf(named(all, "Deployment", "rel-operator"));
    expect(env.get("VOICE_PUBLIC_URL")?.value).toBe("https://voice.example");
    expect(env.get("ROUTING_CONFIGMAP")?.value).toBe("numbers");
    expect(env.has("KAFKA_CLUSTER_NAME")).toBe(false);
    expect(JSON.stringify(rulesIn(named(all, "Role", "rel-operator")))).toMatch(
      /"resourceNames":\["numbers"\]/,
    );
  });

  test("brings the definitions with the first installation", async () => {
    const rendered = parseAllDocuments(
      await template(helm, umbrella.folder, { flags: ["--include-crds"] }),
    ).map((document) => z.unknown().parse(document.toJS()));
    for (const plural of ["agents", "channels"])
      expect(rendered).toContainEqual(
        parse(
          readFileSync(
            join(chartsFolder, `operator/crds/${plural}.yaml`),
            "utf8",
          ),
        ),
      );
  });
});
