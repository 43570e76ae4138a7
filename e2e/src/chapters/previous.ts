import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkoutOf, prepareUmbrella } from "../cluster/chart.js";
import { command } from "../cluster/command.js";
import { newGeneration } from "../release.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { upgradeArguments } from "./upgrade.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The release before this one, installed and then upgraded to this one. */
export async function previous(step: Step, world: World): Promise<void> {
  const { helm, kubectl, config } = world;
  const commit = config.E2E_PREVIOUS ?? (await previousRelease());
  const name = config.E2E_RELEASE;
  await step(
    `installs the charts of ${commit}`,
    async () => {
      const checkout = await checkoutOf(ROOT, commit);
      const old = await prepareUmbrella(checkout.folder);
      try {
        // That release had no operator: its values know none.
        const { operator: _operator, ...values } = world.values;
        await helm.install(
          name,
          old.folder,
          [values],
          ["--wait", "--timeout=8m"],
        );
      } finally {
        await Promise.all([old.remove(), checkout.remove()]);
      }
    },
    { timeoutMs: 600_000 },
  );
  await step(
    "upgrades it to this release, whose services are ready and answer",
    async () => {
      await kubectl.run([
        "apply",
        "--server-side",
        "--force-conflicts",
        "--filename",
        join(ROOT, "charts/operator/crds"),
      ]);
      const secret = await world.secret("AGENT_CORE_JWT_SECRET");
      await helm.upgrade(
        name,
        world.chart.folder,
        [world.values, newGeneration("third")],
        upgradeArguments(world),
      );
      assert.equal(await world.secret("AGENT_CORE_JWT_SECRET"), secret);
      await helm.run(["test", name, "--timeout=5m"]);
    },
    { timeoutMs: 900_000 },
  );
  await step(
    "and uninstalls it",
    async () => {
      await helm.run(["uninstall", name, "--wait", "--timeout=5m"]);
    },
    { timeoutMs: 360_000 },
  );
}

/** The newest tag, or where there is none yet, the commit that e2e/previous-release names. */
async function previousRelease(): Promise<string> {
  const { stdout } = await command(
    "git",
    ["tag", "--list", "v*", "--sort=-version:refname"],
    {
      cwd: ROOT,
    },
  );
  const tag = stdout.trim().split("\n")[0];
  if (tag !== undefined && tag !== "") return tag;
  const named = await readFile(join(ROOT, "e2e/previous-release"), "utf8");
  return named.trim();
}
