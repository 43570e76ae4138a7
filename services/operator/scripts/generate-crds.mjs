// Makes charts/operator/crds from the schemas of src/api (run after the build); --check only compares.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { stringify } from "yaml";
import { customResourceDefinitions } from "../dist/api/crds.js";

const folder = fileURLToPath(
  new URL("../../../charts/operator/crds/", import.meta.url),
);
const header =
  "# Made from services/operator/src/api; change it there, then: pnpm --filter @easymo/operator generate\n";
const check = process.argv.includes("--check");

mkdirSync(folder, { recursive: true });
for (const definition of customResourceDefinitions()) {
  const path = `${folder}${definition.spec.names.plural}.yaml`;
  const text = await format(
    header +
      stringify(definition, { aliasDuplicateObjects: false, lineWidth: 0 }),
    { parser: "yaml" },
  );
  if (!check) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`${path} differs from what src/api says`);
    process.exitCode = 1;
  }
}
