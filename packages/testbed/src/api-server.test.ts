import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startApiServer, type ApiServer } from "./index.js";

describe("an API server of a test's own", () => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await startApiServer({ watchCache: false });
  }, 180_000);
  afterAll(() => server.close());

  const limits = (name: string) => ({
    metadata: { name },
    data: { calls: "5" },
  });
  const path = "/api/v1/namespaces/default/configmaps";

  test("speaks to kubectl and keeps its data when it is started again", async () => {
    await server.kubectl(["create", "configmap", "kept", "--from-literal=a=b"]);
    await server.stop();
    await expect(server.request("GET", "/readyz")).rejects.toThrow();
    await server.start();
    expect(
      await server.kubectl(["get", "cm", "kept", "-o", "jsonpath={.data.a}"]),
    ).toBe("b");
  }, 180_000);

  test("lets a service account do what RBAC says, and no more", async () => {
    await server.createNamespace("desk");
    const kubeconfig = await server.kubeconfigFor("desk", "clerk");
    await server.kubectl(
      ["apply", "-f", "-"],
      JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [
          {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "Role",
            metadata: { name: "clerk", namespace: "desk" },
            rules: [
              { apiGroups: [""], resources: ["configmaps"], verbs: ["list"] },
            ],
          },
          {
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "RoleBinding",
            metadata: { name: "clerk", namespace: "desk" },
            roleRef: {
              apiGroup: "rbac.authorization.k8s.io",
              kind: "Role",
              name: "clerk",
            },
            subjects: [{ kind: "ServiceAccount", name: "clerk" }],
          },
        ],
      }),
    );
    const asClerk = (...args: string[]) =>
      server.kubectl([`--kubeconfig=${kubeconfig}`, ...args]);
    expect(await asClerk("get", "configmaps", "-o", "name")).toBe("");
    await expect(asClerk("get", "secrets")).rejects.toThrow(/forbidden/);
  }, 180_000);

  test("answers 410 to a watch from before a compaction", async () => {
    const made = await server.request("POST", path, { body: limits("first") });
    expect(made).toMatchObject({ status: 201 });
    await server.request("POST", path, { body: limits("second") });
    await server.compact();
    const watch = await server.request(
      "GET",
      `${path}?watch=1&resourceVersion=1&timeoutSeconds=5`,
    );
    expect(JSON.stringify(watch)).toContain("410");
  }, 180_000);
});
