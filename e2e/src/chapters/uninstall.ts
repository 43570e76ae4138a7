import assert from "node:assert/strict";
import { until } from "@easymo/testbed";
import { clusterObjectsOf, objectsInNamespace } from "../cluster/inventory.js";
import { MODEL_RELEASE } from "../release.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";
import { removal } from "./operations.js";

/** The release goes, and leaves the namespace as it was. */
export async function uninstall(
  step: Step,
  world: World,
  before: ReadonlySet<string>,
): Promise<void> {
  const { kubectl, helm, config } = world;
  await step(
    "uninstalls, and leaves nothing behind",
    async () => {
      // As docs/operations.md says.
      await removal(world);
      await helm.run(["uninstall", MODEL_RELEASE, "--wait", "--timeout=5m"]);
      await until(
        async () => {
          const left = await leftovers(world, before);
          return left.length === 0;
        },
        { what: "Nothing left", timeoutMs: 60_000, everyMs: 1_000 },
      ).catch(async () => {
        assert.deepEqual(await leftovers(world, before), []);
      });
      const everywhere = await clusterObjectsOf(kubectl, config.E2E_RELEASE);
      assert.deepEqual([...everywhere], []);
    },
    { timeoutMs: 480_000 },
  );
}

async function leftovers(
  world: World,
  before: ReadonlySet<string>,
): Promise<string[]> {
  const now = await objectsInNamespace(world.kubectl);
  return [...now].filter((name) => !before.has(name));
}
