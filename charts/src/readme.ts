import type { Field, Section } from "./values-file.js";

export interface ChartFacts {
  readonly name: string;
  readonly description: string;
  readonly dependencies: readonly {
    name: string;
    alias?: string | undefined;
  }[];
}

/** The README.md of a chart: what it is, what `about` has to say besides, and a table of its values. */
export function readmeOf(
  chart: ChartFacts,
  values: Section,
  about = "",
): string {
  const rows = fieldsOf(values).map(
    ({ path, byDefault, description }) =>
      `| \`${path.join(".")}\` | \`${shortly(byDefault)}\` | ${description.replaceAll("|", "\\|")} |`,
  );
  const parts = chart.dependencies
    .filter(({ name }) => name !== "common")
    .map(({ name, alias }) => `- \`${alias ?? name}\`: ${name}`);
  return [
    "<!-- Made by `pnpm --filter @easymo/charts generate` from Chart.yaml and values.yaml. -->",
    "",
    `# ${chart.name}`,
    "",
    chart.description,
    ...(about === "" ? [] : ["", about.trim(), "", "## Values"]),
    ...(parts.length === 0
      ? []
      : [
          "",
          "Its parts, each with the values of its own chart:",
          "",
          ...parts,
        ]),
    "",
    "| value | default | for |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function fieldsOf(section: Section): Field[] {
  return section.children.flatMap((child) =>
    "children" in child ? fieldsOf(child) : [child],
  );
}

function shortly(value: unknown): string {
  return JSON.stringify(value).replaceAll("|", "\\|");
}
