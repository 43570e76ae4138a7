import { readdirSync, existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { calls } from "./chapters/calls.js";
import { development } from "./chapters/development.js";
import { images } from "./chapters/images.js";
import { ground, install } from "./chapters/install.js";
import { DEFINITIONS, manifests } from "./chapters/manifests.js";
import { sip, whatsapp } from "./chapters/messages.js";
import { operations } from "./chapters/operations.js";
import { operator } from "./chapters/operator.js";
import { policies } from "./chapters/policies.js";
import { previous } from "./chapters/previous.js";
import { scaling } from "./chapters/scaling.js";
import { starts } from "./chapters/starts.js";
import { uninstall } from "./chapters/uninstall.js";
import { upgrade } from "./chapters/upgrade.js";
import { prepareUmbrella } from "./cluster/chart.js";
import { diagnose } from "./cluster/diagnosis.js";
import { objectsInNamespace } from "./cluster/inventory.js";
import { Kubectl } from "./cluster/kubectl.js";
import { readE2eConfig, type E2eConfig } from "./config.js";
import { Story } from "./story/story.js";
import { World } from "./world.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const WITHOUT_INSTALLATION = new Set(["Images", "Manifests", "Development"]);

const print = (text: string): void => void process.stdout.write(text);

async function main(config: E2eConfig): Promise<void> {
  const kubectl = new Kubectl(config.E2E_KUBECTL, config.E2E_NAMESPACE);
  const story = new Story({
    print,
    nowMs: () => performance.now(),
    diagnose: () => diagnose(kubectl),
    only: config.E2E_CHAPTERS,
  });
  if (story.tells("Images"))
    await story.chapter("Images", (step) =>
      images(step, config, services(), print),
    );
  let world: World | undefined;
  try {
    await story.chapter(
      "Surroundings",
      async (step) => {
        await step(
          "starts a Kafka, a Redis, a Postgres, WhatsApp and a telephone company",
          async () => {
            world = await World.create(config, await prepareUmbrella(ROOT));
          },
        );
        if (world !== undefined) await ground(step, world);
      },
      { ground: true },
    );
    if (world !== undefined) await tell(story, world);
  } finally {
    if (config.E2E_KEEP === undefined) await cleanUp(kubectl, config);
    await world?.close();
  }
  const { passed, failed } = story.counts;
  print(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

async function tell(story: Story, world: World): Promise<void> {
  const { config } = world;
  const before = await objectsInNamespace(world.kubectl);
  await story.chapter("Manifests", (step) => manifests(step, world));
  const skaffold = config.E2E_SKAFFOLD;
  if (skaffold !== undefined)
    await story.chapter("Development", (step) =>
      development(step, world, skaffold),
    );
  // The others stand on an installation.
  if (config.E2E_CHAPTERS?.every((name) => WITHOUT_INSTALLATION.has(name)))
    return;
  await story.chapter("Install", (step) => install(step, world, print), {
    ground: true,
  });
  await story.chapter("Starts", (step) =>
    starts(step, world, services(), print),
  );
  await story.chapter("Calls", (step) => calls(step, world));
  await story.chapter("WhatsApp", (step) => whatsapp(step, world));
  await story.chapter("SIP", (step) => sip(step, world));
  if (config.E2E_NETWORK_POLICIES === "enforced")
    await story.chapter("Policies", (step) => policies(step, world));
  await story.chapter("Operator", (step) => operator(step, world, print));
  await story.chapter("Upgrade", (step) => upgrade(step, world, print));
  await story.chapter("Scaling", (step) => scaling(step, world));
  await story.chapter("Operations", (step) => operations(step, world));
  await story.chapter("Uninstall", (step) => uninstall(step, world, before));
  await story.chapter("Previous release", (step) => previous(step, world));
}

/** Every service that has an image. */
function services(): string[] {
  const folder = join(ROOT, "services");
  return readdirSync(folder).filter((name) =>
    existsSync(join(folder, name, "Dockerfile")),
  );
}

/** Whatever happened, the namespace goes, and all that is in it. */
async function cleanUp(kubectl: Kubectl, config: E2eConfig): Promise<void> {
  print("\n== Cleaning up\n");
  const attempts = [
    // While there is an operator to let them go.
    [
      "delete",
      "channels.bridges.easymo.dev",
      "--all",
      "--ignore-not-found",
      "--timeout=60s",
    ],
    ["delete", "deployments", "--all"],
    // A pod whose calls are still draining would be waited for.
    ["delete", "pods", "--all", "--force", "--grace-period=0"],
    [
      "delete",
      "namespace",
      config.E2E_NAMESPACE,
      "--ignore-not-found",
      "--timeout=120s",
    ],
    ["delete", "crd", ...DEFINITIONS, "--ignore-not-found", "--timeout=60s"],
  ];
  for (const args of attempts)
    await kubectl.run(args).catch((error: unknown) => {
      print(`${String(error)}\n`);
    });
}

await main(readE2eConfig());
