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

/** A schema with its keywords in the order in which one reads them, whatever order they were made in. */
function readable(schema) {
  const each = (properties) =>
    Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        readable(inner),
      ]),
    );
  const { description, type, required, properties, ...rest } = schema;
  const { items, additionalProperties, ...limits } = rest;
  return {
    ...(description && { description }),
    type,
    ...limits,
    ...(required && { required }),
    ...(properties && { properties: each(properties) }),
    ...(items && { items: readable(items) }),
    ...(additionalProperties && {
      additionalProperties: readable(additionalProperties),
    }),
  };
}

mkdirSync(folder, { recursive: true });
for (const definition of customResourceDefinitions()) {
  const [version] = definition.spec.versions;
  version.schema.openAPIV3Schema = readable(version.schema.openAPIV3Schema);
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
