import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "@easymo/testbed";
import { command } from "../cluster/command.js";
import { sectionsOf, type Section } from "../page/page.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PAGE = join(ROOT, "docs/operations.md");
/** The last section takes everything away, and is run when everything is to go. */
export const REMOVAL = "Remove everything";

/** What must hold after a section's commands; what they wrote is given. */
type Check = (world: World, said: string) => Promise<void> | void;

const checks: Readonly<Record<string, Check>> = {
  "See what is there": (_world, said) => {
    assert.match(said, /^channel\.\S+ .* True /m);
    assert.match(said, /Phase: +Succeeded/);
  },
  "Declare an agent": async ({ kubectl }) => {
    await kubectl.run(["get", "agent", "support"]);
  },
  "Add a number": (world) => shows(world, "twilio", "+250780000002"),
  "Change an agent's words": (world) =>
    shows(world, "instructions", "Be brief"),
  "Move a number to another tenant": (world) =>
    shows(world, "tenant", "musanze-parts"),
  "Suspend a number": (world) => shows(world, "twilio", "+250780000002"),
  "Take a number away": async (world) => {
    assert.doesNotMatch(await document(world), /\+250780000002/);
    assert.equal(world.numbers.voiceUrl("+250780000002") ?? "", "");
  },
  "See the calls": (_world, said) => {
    assert.match(said, /^easymo_voice_calls_active/m);
    assert.match(said, /voice-bridge\S+ +\d+$/m);
  },
  "Scale and drain": (_world, said) => assert.match(said, /evict|drain/),
  "Upgrade, and go back": (_world, said) =>
    assert.match(said, /Rollback was a success/),
};

/** The page's commands, each section's in order. */
export async function operations(step: Step, world: World): Promise<void> {
  const sections = await sectionsOfPage();
  const titles = new Set(sections.map(({ title }) => title));
  for (const title of Object.keys(checks))
    assert.ok(titles.has(title), `docs/operations.md has no "${title}"`);
  await withOwnKubeconfig(world, async (kubeconfig) => {
    for (const section of sections) {
      if (section.title === REMOVAL) continue;
      await step(
        `docs/operations.md: ${section.title || "the namespace"}`,
        async () => {
          const said = await runSection(world, section, kubeconfig);
          await checks[section.title]?.(world, said);
        },
        { timeoutMs: 1_500_000 },
      );
    }
  });
}

/** The page's last section. */
export async function removal(world: World): Promise<void> {
  const section = (await sectionsOfPage()).find(
    ({ title }) => title === REMOVAL,
  );
  assert.ok(section, `docs/operations.md has no "${REMOVAL}"`);
  await withOwnKubeconfig(world, async (kubeconfig) => {
    await command(world.kubectl.program, [
      "--kubeconfig",
      kubeconfig,
      "config",
      "set-context",
      "--current",
      "--namespace",
      world.config.E2E_NAMESPACE,
    ]);
    await runSection(world, section, kubeconfig);
  });
}

async function sectionsOfPage(): Promise<Section[]> {
  return sectionsOf(await readFile(PAGE, "utf8"));
}

async function runSection(
  world: World,
  section: Section,
  kubeconfig: string,
): Promise<string> {
  let said = "";
  for (const block of section.commands) {
    const { stdout, stderr } = await command(
      "bash",
      ["-euo", "pipefail", "-c", localised(world, block)],
      {
        cwd: ROOT,
        env: {
          ...world.environment,
          ...programs(world),
          KUBECONFIG: kubeconfig,
        },
        timeoutMs: 1_200_000,
      },
    );
    said += `${stdout}\n${stderr}\n`;
  }
  return said;
}

/** The page's names, as this run has them. Bitnami's chart is not asked for: the umbrella is the prepared one. */
function localised({ config, chart }: World, block: string): string {
  return block
    .replaceAll("charts/phase4", chart.folder)
    .replaceAll("namespaces/easymo", `namespaces/${config.E2E_NAMESPACE}`)
    .replaceAll("namespace easymo", `namespace ${config.E2E_NAMESPACE}`)
    .replaceAll(/\bbridges(?=[\s-]|$)/gm, config.E2E_RELEASE);
}

/** kubectl and helm by the names that the page has for them. */
function programs(world: World): Record<string, string> {
  const folders = [world.kubectl.program, world.helm.program]
    .filter((program) => isAbsolute(program))
    .map((program) => dirname(program));
  const path = [...folders, world.environment.PATH ?? ""];
  return { PATH: path.join(delimiter) };
}

/** The page changes kubectl's context: it gets a file of its own for that. */
async function withOwnKubeconfig(
  world: World,
  work: (kubeconfig: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-e2e-kubeconfig-"));
  const file = join(folder, "config");
  try {
    const whole = await world.kubectl.run([
      "config",
      "view",
      "--raw",
      "--flatten",
    ]);
    await writeFile(file, whole, { mode: 0o600 });
    await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function document({ kubectl, config }: World): Promise<string> {
  return kubectl.run([
    "get",
    "configmap",
    `${config.E2E_RELEASE}-routing`,
    "--output=jsonpath={.data.routing\\.yaml}",
  ]);
}

async function shows(world: World, what: string, words: string): Promise<void> {
  await until(async () => (await document(world)).includes(words), {
    what: `"${words}" (${what}) in the routing document`,
    timeoutMs: 60_000,
    everyMs: 300,
  });
}
