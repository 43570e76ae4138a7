import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chartsIn, generatedFiles } from "./charts.js";

const USAGE = `usage: node dist/cli.js generate | check | package

  generate  make each chart's values.schema.json and README.md from its values.yaml
  check     make them and compare; ends with 1 when one differs
  package   helm package of each chart into charts/packages, dependencies included
`;

const root = fileURLToPath(new URL("..", import.meta.url));

switch (process.argv[2]) {
  case "generate":
    for (const { path, text } of files()) writeFileSync(path, text);
    break;
  case "check": {
    const differing = files().filter(
      ({ path, text }) =>
        !existsSync(path) || readFileSync(path, "utf8") !== text,
    );
    for (const { path } of differing)
      process.stderr.write(`${path} differs from what values.yaml says\n`);
    process.exitCode = differing.length === 0 ? 0 : 1;
    break;
  }
  case "package":
    process.exitCode = packageAll();
    break;
  case "--help":
    process.stdout.write(USAGE);
    break;
  default:
    process.stderr.write(USAGE);
    process.exitCode = 64;
}

function files(): { path: string; text: string }[] {
  return chartsIn(root).flatMap(generatedFiles);
}

/** Topics, dashboards and dependencies are links in the repository, and files in the packages. */
function packageAll(): number {
  const destination = `${root}packages`;
  mkdirSync(destination, { recursive: true });
  for (const chart of chartsIn(root)) {
    if (chart.type === "library") continue;
    const { status } = spawnSync(
      "helm",
      ["package", chart.folder, "--destination", destination],
      { stdio: ["ignore", "inherit", "inherit"] },
    );
    if (status !== 0) return status ?? 1;
  }
  return 0;
}
