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
import type { World } from "../world.js";
import { command } from "./command.js";
import type { Values } from "./helm.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const skaffoldFile = z.looseObject({
  profiles: z.array(
    z.looseObject({
      name: z.string(),
      build: z
        .looseObject({ artifacts: z.array(z.looseObject({})) })
        .optional(),
    }),
  ),
  deploy: z.looseObject({
    helm: z.looseObject({ releases: z.array(z.looseObject({})) }),
  }),
});
const chartFile = z.looseObject({
  dependencies: z.array(
    z.looseObject({ name: z.string(), repository: z.string() }),
  ),
});

/** What a run changes of what skaffold.yaml says. */
export interface SkaffoldChanges {
  readonly namespace: string;
  /** Of the umbrella, in place of manifests/values-development.yaml. */
  readonly values: Values;
}

/** skaffold, on what it reads in a folder of its own. */
export class Skaffold {
  readonly #program: string;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(
    program: string,
    folder: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#program = program;
    this.#folder = folder;
    this.#environment = environment;
  }

  static async prepare(
    world: World,
    program: string,
    changes?: SkaffoldChanges,
  ): Promise<Skaffold> {
    const folder = await tree(world);
    if (changes !== undefined) await change(folder, changes);
    return new Skaffold(program, folder, {
      ...world.environment,
      PATH: await withHelm3(world, folder),
    });
  }

  /** Runs it to its end, and gives what it wrote on standard output. */
  async run(
    args: readonly string[],
    options: {
      readonly env?: Readonly<Record<string, string>>;
      readonly timeoutMs?: number;
    } = {},
  ): Promise<string> {
    const { stdout } = await command(this.#program, args, {
      cwd: this.#folder,
      env: { ...this.#environment, ...options.env },
      timeoutMs: options.timeoutMs ?? 300_000,
    });
    return stdout;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The names of the profiles. */
export async function skaffoldProfiles(): Promise<string[]> {
  const text = await readFile(join(ROOT, "skaffold.yaml"), "utf8");
  return skaffoldFile.parse(parse(text)).profiles.map(({ name }) => name);
}

/** What skaffold reads, with the stand-in for Bitnami's chart in the umbrella. */
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

/** Another namespace and other values; images are built from the repository itself. */
async function change(
  folder: string,
  { namespace, values }: SkaffoldChanges,
): Promise<void> {
  const file = join(folder, "skaffold.yaml");
  const whole = skaffoldFile.parse(parse(await readFile(file, "utf8")));
  for (const release of whole.deploy.helm.releases)
    release.namespace = namespace;
  for (const { build } of whole.profiles)
    for (const artifact of build?.artifacts ?? []) artifact.context = ROOT;
  await writeFile(file, stringify(whole));
  await writeFile(
    join(folder, "manifests/values-development.yaml"),
    stringify(values),
  );
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
