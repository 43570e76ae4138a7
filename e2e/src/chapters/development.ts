import assert from "node:assert/strict";
import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { command } from "../cluster/command.js";
import { objectsOf } from "../cluster/objects.js";
import type { Step } from "../story/story.js";
import type { World } from "../world.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const skaffoldFile = z.looseObject({
  profiles: z.array(z.looseObject({ name: z.string() })),
});
const chartFile = z.looseObject({
  dependencies: z.array(
    z.looseObject({ name: z.string(), repository: z.string() }),
  ),
});

/** The development files, read by skaffold itself. */
export async function development(
  step: Step,
  world: World,
  program: string,
): Promise<void> {
  const cwd = await tree(world);
  const env = { ...world.environment, PATH: await withHelm3(world, cwd) };
  const { profiles } = skaffoldFile.parse(
    parse(await readFile(join(ROOT, "skaffold.yaml"), "utf8")),
  );
  const all = [[], ...profiles.map(({ name }) => ["--profile", name])];
  const skaffold = (args: readonly string[]) =>
    command(program, args, { cwd, env, timeoutMs: 300_000 });
  try {
    await step("skaffold finds nothing wrong with any profile", async () => {
      for (const profile of all)
        await skaffold(["diagnose", "--yaml-only", ...profile]);
    });
    await step("skaffold renders each, with every image", async () => {
      for (const profile of all) {
        const { stdout } = await skaffold([
          "render",
          "--offline=true",
          "--digest-source=tag",
          ...profile,
        ]);
        const deployments = objectsOf(stdout).filter(
          ({ kind }) => kind === "Deployment",
        );
        assert.ok(deployments.length >= 6, `${profile.join(" ")}: ${stdout}`);
      }
    });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** What skaffold reads, in a folder of its own, with the stand-in for Bitnami's chart in the umbrella. */
async function tree(world: World): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-e2e-skaffold-"));
  const options = {
    recursive: true,
    dereference: true,
    filter: (path: string) => !/node_modules|\/dist(\/|$)/.test(path),
  };
  for (const part of ["skaffold.yaml", "manifests", "charts", "services"])
    await cp(join(ROOT, part), join(folder, part), options);
  const umbrella = join(folder, "charts/phase4");
  await cp(
    join(world.chart.folder, "charts/redis"),
    join(umbrella, "charts/redis"),
    { recursive: true },
  );
  const file = join(umbrella, "Chart.yaml");
  const chart = chartFile.parse(parse(await readFile(file, "utf8")));
  const dependencies = chart.dependencies.map((one) => ({
    ...one,
    // What is in the folder already is not fetched.
    repository: "",
  }));
  await writeFile(file, stringify({ ...chart, dependencies }));
  return folder;
}

/** skaffold calls `helm`, and knows Helm 3 only. */
async function withHelm3(world: World, folder: string): Promise<string> {
  const helm3 = world.config.E2E_HELM3;
  const path = world.environment.PATH ?? "";
  if (helm3 === undefined) return path;
  const programs = join(folder, "programs");
  await mkdir(programs);
  await symlink(helm3, join(programs, "helm"));
  return `${programs}${delimiter}${path}`;
}
