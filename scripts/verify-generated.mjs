// Makes every generated file again and compares: each package that generates
// something has a script `generate`, and a script `verify` that compares.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folders = ["packages", "services"].flatMap((top) =>
  readdirSync(top).map((name) => join(top, name)),
);
let failed = 0;
for (const script of [
  "scripts/generate-dockerfiles.mjs",
  "scripts/generate-configuration.mjs",
]) {
  const run = spawnSync(process.execPath, [script, "--check"], {
    stdio: "inherit",
  });
  if (run.status !== 0) failed += 1;
}
for (const folder of [...folders, "charts", "demo"]) {
  const { name, scripts } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  if (scripts?.verify === undefined) continue;
  const run = spawnSync(scripts.verify, {
    cwd: folder,
    shell: true,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${process.cwd()}/node_modules/.bin:${process.env.PATH}`,
    },
  });
  if (run.status === 0) continue;
  failed += 1;
  console.error(
    `${name}: a generated file differs; run: pnpm --filter ${name} generate`,
  );
}
process.exit(failed === 0 ? 0 : 1);
