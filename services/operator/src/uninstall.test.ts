import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startApiServer, until, type ApiServer } from "@easymo/testbed";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { apiVersion, providerFinalizer } from "./api/index.js";

const execute = promisify(execFile);
const fileAt = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const NAMESPACE = "bridges";
const CHANNELS = `/apis/${apiVersion}/namespaces/${NAMESPACE}/channels`;
const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;

const hook = z.looseObject({ kind: z.string() });
const job = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        serviceAccountName: z.string(),
        containers: z.tuple([
          z.object({
            command: z.tuple([z.literal("node"), z.string(), z.string()]),
            args: z.tuple([z.string()]),
            env: z.array(z.object({ name: z.string(), value: z.string() })),
          }),
        ]),
      }),
    }),
  }),
});

let server: ApiServer;
let folder = "";
let hooks: z.infer<typeof hook>[] = [];
beforeAll(async () => {
  server = await startApiServer({
    manifests: [fileAt("charts/operator/crds")],
  });
  folder = await mkdtemp(join(tmpdir(), "easymo-uninstall-"));
  await server.createNamespace(NAMESPACE);
  const { stdout } = await execute(fileAt(".tools/helm/helm4"), [
    ...["template", "rel", fileAt("charts/operator")],
    ...["--namespace", NAMESPACE, "--show-only", "templates/uninstall.yaml"],
  ]);
  hooks = parseAllDocuments(stdout).map((document) =>
    hook.parse(document.toJS()),
  );
  for (const one of hooks)
    if (one.kind !== "Job")
      await server.kubectl(
        ["apply", `--namespace=${NAMESPACE}`, "--filename=-"],
        JSON.stringify(one),
      );
}, 180_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the hook's pod runs, as the account that it runs as; what it says on standard error. */
async function runHook(patienceSeconds: number): Promise<string> {
  const { serviceAccountName, containers } = job.parse(
    hooks.find(({ kind }) => kind === "Job"),
  ).spec.template.spec;
  const [{ command, args, env }] = containers;
  const token = join(folder, "token");
  await writeFile(token, await server.tokenFor(NAMESPACE, serviceAccountName));
  const [, ...flags] = command;
  const { stderr } = await execute(process.execPath, [...flags, ...args], {
    env: {
      ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
      API_URL: server.url,
      TOKEN_FILE: token,
      NODE_EXTRA_CA_CERTS: server.certificateAuthorityFile,
      PATIENCE_SECONDS: String(patienceSeconds),
    },
  });
  return stderr;
}

async function makeChannel(name: string, labels: Record<string, string>) {
  const answer = await server.request("POST", CHANNELS, {
    body: {
      apiVersion,
      kind: "Channel",
      metadata: {
        name,
        labels,
        finalizers: [providerFinalizer, "kept.example/x"],
      },
      spec: {
        tenant: "t",
        agentRef: { name: "sales" },
        sip: { uri: `sip:${name}@b.example` },
      },
    },
  });
  expect(answer).toMatchObject({ status: 201 });
}

async function makeDeployment() {
  const labels = {
    "app.kubernetes.io/name": "operator",
    "app.kubernetes.io/instance": "rel",
  };
  const answer = await server.request("POST", DEPLOYMENT, {
    body: {
      metadata: { name: "rel-operator" },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "operator", image: "operator" }] },
        },
      },
    },
  });
  expect(answer).toMatchObject({ status: 201 });
}

const HELMS = {
  "app.kubernetes.io/instance": "rel",
  "app.kubernetes.io/managed-by": "Helm",
};
const channel = (name: string) => server.request("GET", `${CHANNELS}/${name}`);
const setFinalizers = (name: string, finalizers: readonly string[]) =>
  server.request("PATCH", `${CHANNELS}/${name}`, {
    body: { metadata: { finalizers } },
    contentType: "application/merge-patch+json",
  });

describe("before a release goes", () => {
  test("its own Channels go while the operator can take their settings back, and others' are freed", async () => {
    await makeDeployment();
    await makeChannel("own", HELMS);
    await makeChannel("theirs", {});
    const hookRan = runHook(60);
    await until(
      async () =>
        JSON.stringify(await channel("own")).includes("deletionTimestamp"),
      { what: "The release's Channel going", timeoutMs: 120_000 },
    );
    // The operator is still there for it.
    expect(
      await server.request("GET", `${DEPLOYMENT}/rel-operator`),
    ).toMatchObject({ status: 200 });
    await setFinalizers("own", []);
    expect(await hookRan).toMatch(/bridges\/theirs stays/);
    expect(await channel("own")).toMatchObject({ status: 404 });
    expect(
      await server.request("GET", `${DEPLOYMENT}/rel-operator`),
    ).toMatchObject({ status: 404 });
    expect(await channel("theirs")).toMatchObject({
      body: { metadata: { finalizers: ["kept.example/x"] } },
    });
  });

  test("nothing is held for ever when the operator is not there any more", async () => {
    await makeChannel("left", HELMS);
    expect(await runHook(0)).toMatch(/did not let go of every Channel/);
    expect(await channel("left")).toMatchObject({
      body: { metadata: { finalizers: ["kept.example/x"] } },
    });
    await setFinalizers("left", []);
    expect(await channel("left")).toMatchObject({ status: 404 });
  });
});
