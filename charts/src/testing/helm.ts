import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** A chart's copy, for tests alone. */
export interface ChartCopy {
  readonly folder: string;
  remove(): void;
}

/** A copy of a chart in which files are files; `remove` it when done. */
export function copyOf(chart: string): ChartCopy {
  const parent = mkdtempSync(join(tmpdir(), "easymo-charts-"));
  const folder = join(parent, chart);
  // cpSync leaves the links of folders inside the folder as they are.
  execFileSync("cp", ["-RL", join(chartsFolder, chart), folder]);
  return {
    folder,
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/**
 * The umbrella with a stand-in for Bitnami's chart, whose registry tests do not
 * ask. `remove` it when done.
 */
export function umbrellaWithStandIn(): ChartCopy {
  const copy = copyOf("phase4");
  const redis = join(copy.folder, "charts", "redis");
  mkdirSync(redis);
  writeFileSync(join(redis, "Chart.yaml"), REDIS_STAND_IN);
  return copy;
}

/** What is rendered how. */
export interface Rendering {
  readonly values?: Readonly<Record<string, unknown>>;
  readonly valuesFiles?: readonly string[];
  /** The release's name; `rel` when absent. */
  readonly release?: string;
  /** Further flags of `helm template`. */
  readonly flags?: readonly string[];
}

/** What `helm template` prints; rejects with what Helm said. */
export async function template(
  helm: Helm,
  folder: string,
  { values = {}, valuesFiles = [], release = "rel", flags = [] }: Rendering,
): Promise<string> {
  const set = Object.entries(values).flatMap(([path, value]) => [
    "--set-json",
    `${path}=${JSON.stringify(value)}`,
  ]);
  const { stdout } = await execute(
    join(root, ".tools/helm", helm),
    [
      "template",
      release,
      folder,
      "--namespace",
      "easymo",
      ...flags,
      ...valuesFiles.flatMap((file) => ["--values", join(root, file)]),
      ...set,
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}

const dryRun = z.object({
  info: z.object({ notes: z.string() }),
  hooks: z
    .array(z.object({ name: z.string(), events: z.array(z.string()) }))
    .default([]),
});

/** What an installation would tell, and the names of what `helm test` would run. */
export async function installation(
  folder: string,
  values: Readonly<Record<string, unknown>>,
): Promise<{ readonly notes: string; readonly hooks: readonly string[] }> {
  const set = Object.entries(values).flatMap(([path, value]) => [
    "--set-json",
    `${path}=${JSON.stringify(value)}`,
  ]);
  const { stdout } = await execute(
    join(root, ".tools/helm/helm4"),
    ["install", "rel", folder, "--dry-run=client", "--output=json", ...set],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  const { info, hooks } = dryRun.parse(JSON.parse(stdout));
  return {
    notes: info.notes,
    hooks: hooks
      .filter(({ events }) => events.includes("test"))
      .map(({ name }) => name),
  };
}

/** `helm template` as objects; rejects with what Helm said. */
export async function render(
  helm: Helm,
  folder: string,
  values: Readonly<Record<string, unknown>> = {},
  valuesFiles: readonly string[] = [],
): Promise<Manifest[]> {
  return parseAllDocuments(
    await template(helm, folder, { values, valuesFiles }),
  )
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
