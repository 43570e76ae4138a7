import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "./command.js";

const STAND_IN = "apiVersion: v2\nname: redis\nversion: 22.0.0\n";

/** A chart in a folder of its own. */
export interface PreparedChart {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * The umbrella of a checkout with everything that it needs beside it. In place
 * of Bitnami's chart, whose registry is not asked, stands an empty one of its
 * name: the run brings its own Redis.
 */
export async function prepareUmbrella(
  checkout: string,
): Promise<PreparedChart> {
  const parent = await mkdtemp(join(tmpdir(), "easymo-e2e-chart-"));
  const folder = join(parent, "phase4");
  await cp(join(checkout, "charts/phase4"), folder, {
    recursive: true,
    dereference: true,
  });
  const redis = join(folder, "charts/redis");
  if (!existsSync(redis)) {
    await mkdir(redis);
    await writeFile(join(redis, "Chart.yaml"), STAND_IN);
  }
  return {
    folder,
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

/** The repository as it was at a commit, without its history. */
export async function checkoutOf(
  repository: string,
  commit: string,
): Promise<PreparedChart> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-e2e-previous-"));
  const archive = join(folder, "archive.tar");
  await command("git", ["archive", "--output", archive, commit], {
    cwd: repository,
  });
  await command("tar", ["--extract", "--file", archive, "--directory", folder]);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
