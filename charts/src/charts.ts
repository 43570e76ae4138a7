import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { readmeOf } from "./readme.js";
import { schemaOf } from "./schema.js";
import { readValues } from "./values-file.js";

const manifest = z.object({
  name: z.string(),
  description: z.string(),
  type: z.enum(["application", "library"]),
  version: z.string(),
  dependencies: z
    .array(
      z.object({
        name: z.string(),
        alias: z.string().optional(),
        repository: z.string(),
      }),
    )
    .default([]),
});

/** A chart's folder and what its Chart.yaml says. */
export interface Chart extends z.infer<typeof manifest> {
  readonly folder: string;
}

/** Every chart in `root`, the library too. */
export function chartsIn(root: string): Chart[] {
  return readdirSync(root)
    .map((name) => join(root, name))
    .filter((folder) => existsSync(join(folder, "Chart.yaml")))
    .map((folder) => ({
      folder,
      ...manifest.parse(
        parse(readFileSync(join(folder, "Chart.yaml"), "utf8")),
      ),
    }));
}

/** The files that are made from a chart's values: their paths and what is to be in them. */
export function generatedFiles(chart: Chart): { path: string; text: string }[] {
  if (chart.type === "library") return [];
  const values = readValues(
    readFileSync(join(chart.folder, "values.yaml"), "utf8"),
  );
  // Helm adds a key for each dependency, and the umbrella's switch to each part.
  const added = {
    ...Object.fromEntries(
      chart.dependencies.map(({ name, alias }) => [
        alias ?? name,
        { type: "object" },
      ]),
    ),
    enabled: { type: "boolean" },
  };
  return [
    {
      path: join(chart.folder, "values.schema.json"),
      text: `${JSON.stringify(schemaOf(values, added), undefined, 2)}\n`,
    },
    {
      path: join(chart.folder, "README.md"),
      text: readmeOf(chart, values, textIn(join(chart.folder, "about.md"))),
    },
  ];
}

/** A file's text; nothing when there is no such file. */
function textIn(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
