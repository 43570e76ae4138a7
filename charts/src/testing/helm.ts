import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

export const chartsFolder = join(root, "charts");
/** The Helms that `scripts/helm-for-tests.sh` brings. */
export const helms = ["helm3", "helm4"] as const;
export type Helm = (typeof helms)[number];

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.unknown().optional(),
  data: z.record(z.string(), z.string()).optional(),
});
/** A rendered Kubernetes object. */
export type Manifest = z.infer<typeof manifest>;

const REDIS_STAND_IN = `apiVersion: v2
name: redis
version: 22.0.0
`;

/**
 * The umbrella with a stand-in for Bitnami's chart, whose registry tests do not
 * ask. `remove` it when done.
 */
export function umbrellaWithStandIn(): { folder: string; remove(): void } {
  const parent = mkdtempSync(join(tmpdir(), "easymo-charts-"));
  const folder = join(parent, "phase4");
  cpSync(join(chartsFolder, "phase4"), folder, {
    recursive: true,
    dereference: true,
  });
  const redis = join(folder, "charts", "redis");
  mkdirSync(redis);
  writeFileSync(join(redis, "Chart.yaml"), REDIS_STAND_IN);
  return {
    folder,
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/** `helm template` as objects; rejects with what Helm said. */
export async function render(
  helm: Helm,
  folder: string,
  values: Readonly<Record<string, unknown>> = {},
  valuesFiles: readonly string[] = [],
): Promise<Manifest[]> {
  const set = Object.entries(values).flatMap(([path, value]) => [
    "--set-json",
    `${path}=${JSON.stringify(value)}`,
  ]);
  const { stdout } = await execute(
    join(root, ".tools/helm", helm),
    [
      "template",
      "rel",
      folder,
      "--namespace",
      "easymo",
      ...valuesFiles.flatMap((file) => ["--values", join(root, file)]),
      ...set,
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return parseAllDocuments(stdout)
    .map((document): unknown => z.unknown().parse(document.toJS()))
    .filter((value) => value !== null)
    .map((value) => manifest.parse(value));
}

/** `helm lint --strict`; rejects with what Helm found. */
export async function lint(helm: Helm, folder: string): Promise<void> {
  await execute(join(root, ".tools/helm", helm), ["lint", "--strict", folder]);
}

export function ofKind(all: readonly Manifest[], kind: string): Manifest[] {
  return all.filter((one) => one.kind === kind);
}

/** The one object of a kind and name; throws when there is none. */
export function named(
  all: readonly Manifest[],
  kind: string,
  name: string,
): Manifest {
  const found = all.find(
    (one) => one.kind === kind && one.metadata.name === name,
  );
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}
