import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

/**
 * JSON schemas for kubeconform, made of what Kubernetes publishes (its OpenAPI
 * document) and of custom resources' definitions: a field that neither knows is
 * refused, as the API server's strict validation does.
 */

const node = z.record(z.string(), z.unknown());
type Node = z.infer<typeof node>;

const groupVersionKind = z.object({
  group: z.string(),
  version: z.string(),
  kind: z.string(),
});
const openApi = z.object({
  definitions: z.record(
    z.string(),
    z.looseObject({
      "x-kubernetes-group-version-kind": z.array(groupVersionKind).optional(),
    }),
  ),
});
const definition = z.object({
  kind: z.literal("CustomResourceDefinition"),
  spec: z.object({
    group: z.string(),
    names: z.object({ kind: z.string() }),
    versions: z.array(
      z.object({
        name: z.string(),
        schema: z.object({ openAPIV3Schema: node }),
      }),
    ),
  }),
});

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const TEXT_OR_NUMBER = { type: ["string", "number"] };
/** What says nothing to a validator, or says it in another draft's words. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "description",
  "default",
  "example",
  "externalDocs",
  "format",
  "nullable",
  "exclusiveMinimum",
  "exclusiveMaximum",
]);

/** Where a kind's schema is in the folder; `schemaLocation` tells kubeconform. */
function fileOf(group: string, version: string, kind: string): string {
  // kubeconform takes "v1" of the core's apiVersion for its group, too.
  return `${group === "" ? version : group}_${version}_${kind.toLowerCase()}.json`;
}

/** The template by which kubeconform finds what `writeSchemas` wrote. */
export const schemaLocation = (folder: string): string =>
  `${folder}/{{ .NormalizedKubernetesVersion }}/{{ .Group }}_{{ .ResourceAPIVersion }}_{{ .ResourceKind }}.json`;

/** Writes every kind's schema of one version of Kubernetes, and of `crds`. */
export function writeSchemas(options: {
  readonly openApiFile: string;
  readonly crdFolders: readonly string[];
  readonly folder: string;
}): void {
  const { definitions } = openApi.parse(
    JSON.parse(readFileSync(options.openApiFile, "utf8")),
  );
  const strictDefinitions: Node = {};
  for (const [name, schema] of Object.entries(definitions))
    strictDefinitions[name] =
      name === QUANTITY ? TEXT_OR_NUMBER : strict(schema);
  mkdirSync(options.folder, { recursive: true });
  const write = (file: string, schema: Node) => {
    const path = join(options.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      JSON.stringify({
        $schema: "http://json-schema.org/draft-07/schema#",
        ...schema,
        definitions: reachable(schema, strictDefinitions),
      }),
    );
  };
  for (const [name, schema] of Object.entries(definitions))
    for (const gvk of schema["x-kubernetes-group-version-kind"] ?? [])
      write(fileOf(gvk.group, gvk.version, gvk.kind), {
        allOf: [{ $ref: `#/definitions/${name}` }],
      });
  for (const crd of options.crdFolders.flatMap(definitionsIn))
    for (const { name, schema } of crd.spec.versions)
      write(
        fileOf(crd.spec.group, name, crd.spec.names.kind),
        customResource(schema.openAPIV3Schema),
      );
}

function definitionsIn(folder: string): z.infer<typeof definition>[] {
  return globSync("*.yaml", { cwd: folder })
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), "utf8")),
    )
    .map((document) => definition.safeParse(document.toJS()))
    .flatMap((parsed) => (parsed.success ? [parsed.data] : []));
}

/** What every object has, beside what its definition says. */
function customResource(schema: Node): Node {
  const found = node.parse(strict(schema));
  const properties = node.default({}).parse(found.properties);
  return {
    ...found,
    required: ["apiVersion", "kind", "metadata"],
    properties: {
      ...properties,
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: `#/definitions/${OBJECT_META}` },
    },
  };
}

/** A schema that refuses fields it does not name. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  const parsed = node.safeParse(value);
  if (!parsed.success) return value;
  const schema = parsed.data;
  if (schema.$ref !== undefined) return { $ref: schema.$ref };
  if (
    schema["x-kubernetes-int-or-string"] === true ||
    schema.format === "int-or-string"
  )
    return { type: ["string", "integer"] };
  const kept = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !LEFT_OUT.has(key) && !key.startsWith("x-"))
      .map(([key, inner]) => [
        key,
        // The names below `properties` are fields, not words of a schema.
        key === "properties" ? eachOf(inner) : strict(inner),
      ]),
  );
  const closed =
    kept.properties !== undefined &&
    kept.additionalProperties === undefined &&
    schema["x-kubernetes-preserve-unknown-fields"] !== true;
  return closed ? { ...kept, additionalProperties: false } : kept;
}

function eachOf(properties: unknown): Node {
  return Object.fromEntries(
    Object.entries(node.parse(properties)).map(([name, schema]) => [
      name,
      strict(schema),
    ]),
  );
}

/** The definitions that a schema refers to, directly or not. */
function reachable(schema: Node, definitions: Node): Node {
  const found: Node = {};
  const look = (value: unknown) => {
    for (const [, name = ""] of JSON.stringify(value).matchAll(
      /"#\/definitions\/([^"]+)"/g,
    ))
      if (found[name] === undefined) {
        found[name] = definitions[name];
        look(definitions[name]);
      }
  };
  look(schema);
  return found;
}
