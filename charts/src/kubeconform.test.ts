import { execFile } from "node:child_process";
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { chartsIn } from "./charts.js";
import { aloneCases, umbrellaCases, type Case } from "./testing/cases.js";
import {
  chartsFolder,
  helms,
  template,
  umbrellaWithStandIn,
} from "./testing/helm.js";
import { schemaLocation, writeSchemas } from "./testing/kubernetes-schemas.js";

const execute = promisify(execFile);
/** What `scripts/kubeconform-for-tests.sh` brings. */
const tools = join(chartsFolder, "../.tools/kubeconform");
const strimzi = join(tools, "strimzi");
const STRIMZI_KINDS = ["Kafka", "KafkaNodePool", "KafkaTopic"];
/** Strimzi's release could not be reached: its kinds alone go unchecked. */
const skipped = readdirSync(strimzi).length === 0 ? STRIMZI_KINDS : [];
const versions = readdirSync(join(tools, "kubernetes"))
  .map((file) => basename(file, ".json"))
  .sort();

const verdict = z.object({
  resources: z
    .array(
      z.object({
        filename: z.string(),
        kind: z.string(),
        name: z.string(),
        status: z.string(),
        msg: z.string(),
      }),
    )
    .nullish()
    .transform((resources) => resources ?? []),
  summary: z.object({
    valid: z.number(),
    invalid: z.number(),
    errors: z.number(),
    skipped: z.number(),
  }),
});

const folder = mkdtempSync(join(tmpdir(), "easymo-kubeconform-"));
const schemas = join(folder, "schemas");
const rendered = join(folder, "rendered");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function kubeconform(version: string, paths: readonly string[]) {
  const args = [
    "-strict",
    "-summary",
    "-output",
    "json",
    "-kubernetes-version",
    `${version.slice(1)}.0`,
    "-schema-location",
    schemaLocation(schemas),
    ...(skipped.length > 0 ? ["-skip", skipped.join(",")] : []),
    ...paths,
  ];
  try {
    const { stdout } = await execute(join(tools, "kubeconform"), args, {
      maxBuffer: 64 * 1024 * 1024,
    });
    return verdict.parse(JSON.parse(stdout));
  } catch (error) {
    // It ends with 1 when something is invalid, its verdict printed.
    const { stdout } = z.object({ stdout: z.string() }).parse(error);
    return verdict.parse(JSON.parse(stdout));
  }
}

/** Every chart alone, and the umbrella with its defaults, for production, for development, with all and nothing. */
async function renderAll(): Promise<void> {
  const umbrella = umbrellaWithStandIn();
  const alone = chartsIn(chartsFolder).filter(
    ({ name, type }) => type === "application" && name !== "phase4",
  );
  const cases: (Case & { readonly folder: string })[] = [
    ...umbrellaCases.map((one) => ({ ...one, folder: umbrella.folder })),
    ...alone.flatMap(({ name, folder }) =>
      (name === "kafka-topics" || name === "dashboards"
        ? [{ name, values: { "global.kafka.clusterName": "easymo" } }]
        : aloneCases(name)
      ).map((one) => ({ ...one, folder })),
    ),
  ];
  try {
    for (const helm of helms)
      for (const [i, one] of cases.entries())
        writeFileSync(
          join(rendered, `${helm}-${String(i)}-${one.name}.yaml`),
          await template(helm, one.folder, one),
        );
  } finally {
    umbrella.remove();
  }
}

beforeAll(async () => {
  mkdirSync(rendered);
  for (const version of versions)
    writeSchemas({
      openApiFile: join(tools, "kubernetes", `${version}.json`),
      crdFolders: [
        join(tools, "crds"),
        strimzi,
        join(chartsFolder, "operator/crds"),
      ],
      folder: join(schemas, `${version}.0`),
    });
  await renderAll();
}, 240_000);

describe("what the charts render, by Helm 3 and Helm 4, is valid to the last field", () => {
  test("for six versions of Kubernetes", () => {
    expect(versions).toEqual([
      "v1.30",
      "v1.31",
      "v1.32",
      "v1.33",
      "v1.34",
      "v1.35",
    ]);
  });

  test.each(versions)(
    "in Kubernetes %s",
    async (version) => {
      const { resources, summary } = await kubeconform(version, [
        rendered,
        join(chartsFolder, "operator/crds"),
      ]);
      expect(
        resources.map(({ filename, kind, name, msg }) =>
          [basename(filename), kind, name, msg].join(": "),
        ),
      ).toEqual([]);
      expect(summary).toMatchObject({ invalid: 0, errors: 0 });
      expect(summary.valid).toBeGreaterThan(1000);
    },
    120_000,
  );
});

describe("what is applied by hand", () => {
  test("is valid too", async () => {
    const files = globSync("*.yaml", {
      cwd: join(chartsFolder, "../manifests"),
    }).filter((file) => !/^(?:values-|kind)/.test(file));
    expect(files.length).toBeGreaterThan(2);
    const { resources, summary } = await kubeconform(
      "v1.34",
      files.map((file) => join(chartsFolder, "../manifests", file)),
    );
    expect(resources).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0 });
  });
});

describe("what is not valid is found", () => {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "a" },
  };
  const topic = {
    apiVersion: "kafka.strimzi.io/v1",
    kind: "KafkaTopic",
    metadata: { name: "a" },
  };
  const channel = {
    apiVersion: "bridges.easymo.dev/v1alpha1",
    kind: "Channel",
    metadata: { name: "a" },
  };
  test.each([
    ["a field that nobody knows", { ...service, spec: { port: 1 } }, "port"],
    ["a wrong type", { ...service, spec: { ports: "1" } }, "ports"],
    ["a field of the metadata", { ...service, metadata: { nam: "a" } }, "nam"],
    ["a kind that is none", { ...service, kind: "Servicee" }, "find schema"],
    ["a field of our own kinds", { ...channel, spec: { numbr: 1 } }, "numbr"],
    ...(skipped.length > 0
      ? []
      : ([
          [
            "a field of a topic",
            { ...topic, spec: { partition: 1 } },
            "partit",
          ],
        ] as const)),
  ])("%s", async (what, manifest, sentence) => {
    const file = join(folder, `${what}.yaml`);
    writeFileSync(file, JSON.stringify(manifest));
    const { resources, summary } = await kubeconform("v1.34", [file]);
    expect(summary.valid).toBe(0);
    expect(resources[0]?.msg).toContain(sentence);
  });
});
