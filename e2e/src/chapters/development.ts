import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@easymo/testbed";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { clusterObjectsOf, objectsInNamespace } from "../cluster/inventory.js";
import { isReady, Kubectl } from "../cluster/kubectl.js";
import { objectsOf } from "../cluster/objects.js";
import { Skaffold, skaffoldProfiles } from "../cluster/skaffold.js";
import { startRegistry } from "../outside/registry.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { DEFINITIONS } from "./manifests.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** As skaffold.yaml calls it. */
const RELEASE = "bridges";
const PROFILE = "buildah";

const podWithImages = z.looseObject({
  spec: z.looseObject({
    containers: z.array(z.looseObject({ image: z.string() })),
  }),
});
const podsWithImages = z.object({ items: z.array(podWithImages) });
const deployment = z.looseObject({
  spec: z.looseObject({ template: podWithImages }),
});

/** The development files, read by skaffold itself; then what they describe, built and run by it. */
export async function development(
  step: Step,
  world: World,
  program: string,
): Promise<void> {
  const skaffold = await Skaffold.prepare(world, program);
  const profiles = [
    [],
    ...(await skaffoldProfiles()).map((name) => ["--profile", name]),
  ];
  try {
    await step("skaffold finds nothing wrong with any profile", async () => {
      for (const profile of profiles)
        await skaffold.run(["diagnose", "--yaml-only", ...profile]);
    });
    await step("skaffold renders each, with every image", async () => {
      for (const profile of profiles) {
        const rendered = await skaffold.run([
          "render",
          "--offline=true",
          "--digest-source=tag",
          ...profile,
        ]);
        const deployments = objectsOf(rendered).filter(
          ({ kind }) => kind === "Deployment",
        );
        assert.ok(deployments.length >= 6, `${profile.join(" ")}: ${rendered}`);
        for (const one of deployments)
          for (const { image } of deployment.parse(one).spec.template.spec
            .containers)
            assert.match(image, /^easymo\/[a-z-]+:/, profile.join(" "));
      }
    });
  } finally {
    await skaffold.remove();
  }
  const load = world.config.E2E_SKAFFOLD_LOAD_IMAGES;
  if (load !== undefined) await run(step, world, program, load);
}

/** `skaffold run` and `skaffold delete`, in a namespace of their own. */
async function run(
  step: Step,
  world: World,
  program: string,
  load: string,
): Promise<void> {
  const { config } = world;
  const namespace = `${config.E2E_NAMESPACE}-skaffold`;
  const kubectl = new Kubectl(config.E2E_KUBECTL, namespace);
  const registry = await startRegistry(config.E2E_REGISTRY_PROGRAM);
  const skaffold = await Skaffold.prepare(world, program, {
    namespace,
    values: world.values,
  });
  const common = [`--profile=${PROFILE}`, `--default-repo=${registry.address}`];
  try {
    await makeNamespace(kubectl);
    const before = await objectsInNamespace(kubectl);
    await step(
      "`skaffold run` builds with buildah, loads, deploys, and waits for ready",
      async () => {
        await skaffold.run(
          ["run", ...common, "--tag=e2e", "--cache-artifacts=false"],
          { env: { EASYMO_LOAD_IMAGES: load }, timeoutMs: 1_500_000 },
        );
        await readyFrom(kubectl, registry.address);
      },
      { timeoutMs: 1_500_000 },
    );
    await step(
      "`skaffold delete` leaves nothing behind",
      async () => {
        await skaffold.run(["delete", ...common]);
        const left = async () => [
          ...[...(await objectsInNamespace(kubectl))].filter(
            (name) => !before.has(name),
          ),
          ...(await clusterObjectsOf(kubectl, RELEASE)),
        ];
        await until(async () => (await left()).length === 0, {
          what: "Nothing left",
          timeoutMs: 120_000,
          everyMs: 1_000,
        }).catch(async () => {
          assert.deepEqual(await left(), []);
        });
      },
      { timeoutMs: 480_000 },
    );
  } finally {
    await skaffold.remove();
    await registry.close();
    if (config.E2E_KEEP === undefined) await away(kubectl);
  }
}

async function makeNamespace(kubectl: Kubectl): Promise<void> {
  const manifest = await readFile(
    join(ROOT, "manifests/namespace.yaml"),
    "utf8",
  );
  await kubectl.apply(
    manifest.replace("name: easymo", `name: ${kubectl.namespace}`),
  );
}

/** Every pod is ready, and runs what was built for it. */
async function readyFrom(kubectl: Kubectl, registry: string): Promise<void> {
  const selector = `app.kubernetes.io/instance=${RELEASE}`;
  const pods = await kubectl.pods(selector);
  assert.ok(pods.length >= 6, `only ${pods.length} pods`);
  assert.deepEqual(
    pods.filter((one) => !isReady(one)).map(({ metadata }) => metadata.name),
    [],
  );
  const { items } = await kubectl.get(podsWithImages, [
    "pods",
    "--selector",
    selector,
  ]);
  for (const { spec } of items)
    for (const { image } of spec.containers)
      assert.ok(image.startsWith(`${registry}/`), image);
}

/** Whatever happened, the namespace goes, and what Helm keeps of a chart's definitions. */
async function away(kubectl: Kubectl): Promise<void> {
  await kubectl
    .run([
      "delete",
      "channels.bridges.easymo.dev",
      "--all",
      "--ignore-not-found",
      "--timeout=60s",
    ])
    .catch(() => undefined);
  await kubectl.run(
    [
      "delete",
      "namespace",
      kubectl.namespace,
      "--ignore-not-found",
      "--timeout=240s",
    ],
    { timeoutMs: 300_000 },
  );
  await kubectl.run([
    "delete",
    "crd",
    ...DEFINITIONS,
    "--ignore-not-found",
    "--timeout=60s",
  ]);
}
