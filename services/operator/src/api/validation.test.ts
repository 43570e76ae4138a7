import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startApiServer, type ApiServer } from "@easymo/testbed";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import {
  refusedAgents,
  refusedChannels,
  type RefusedExample,
} from "../testing/refused-examples.js";
import {
  breachesOf,
  fieldOf,
  placesOf,
  schemaSchema,
  valueAt,
  withValueAt,
  type Path,
  type Schema,
} from "../testing/schema-limits.js";
import { customResourceDefinitions } from "./crds.js";
import { apiVersion } from "./index.js";

const repository = new URL("../../../../", import.meta.url);
const fileAt = (path: string): string =>
  fileURLToPath(new URL(path, repository));
const EXAMPLES = fileAt("manifests/agents-and-channels.example.yaml");

const object = z.looseObject({
  kind: z.enum(["Agent", "Channel"]),
  metadata: z.looseObject({ name: z.string() }),
  status: z.unknown().optional(),
});
const examples = parseAllDocuments(readFileSync(EXAMPLES, "utf8")).map(
  (document) => object.parse(document.toJS()),
);
const refusal = z.object({
  message: z.string(),
  details: z.object({
    causes: z.array(z.object({ field: z.string(), message: z.string() })),
  }),
});

const condition = {
  type: "Ready",
  status: "True",
  reason: "Ready",
  message: "People are answered.",
  observedGeneration: 1,
  lastTransitionTime: "2026-01-02T03:04:05Z",
};
/** Every field that the operator writes. */
const statuses = {
  Agent: {
    observedGeneration: 1,
    channels: 2,
    configurationHash: "0f1e",
    conditions: [condition],
  },
  Channel: {
    observedGeneration: 1,
    address: "+250780000001",
    webhookAddress: "https://voice.example/twilio/voice",
    programmedAddress: "+250780000001",
    lastTrafficTime: "2026-01-02T03:04:05Z",
    conditions: [condition],
  },
};

const kinds = customResourceDefinitions().map((definition) => {
  const { names, versions } = definition.spec;
  const { openAPIV3Schema } = z
    .object({ openAPIV3Schema: schemaSchema })
    .parse(versions[0]?.schema);
  return {
    kind: object.shape.kind.parse(names.kind),
    plural: names.plural,
    schema: openAPIV3Schema,
    refused: names.kind === "Agent" ? refusedAgents : refusedChannels,
  };
});

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer({
    manifests: [fileAt("charts/operator/crds")],
  });
  await server.kubectl(["apply", "--filename", EXAMPLES]);
}, 180_000);
afterAll(() => server.close());

const examplesOf = (kind: string) =>
  examples.filter((example) => example.kind === kind);

/** The first example with something at a place, its status filled in. */
function exampleWith(kind: "Agent" | "Channel", path: Path) {
  const found = examplesOf(kind)
    .map((example) => ({ ...example, status: statuses[kind] }))
    .find((example) => valueAt(example, path) !== undefined);
  if (found === undefined)
    throw new Error(`no example has ${kind} ${path.join(".")}`);
  return found;
}

const pathOf = (plural: string, ...more: string[]) =>
  ["/apis", apiVersion, "namespaces/default", plural, ...more].join("/");

/** What the API server says of a resource, without making it; empty when it would take it. */
async function said(plural: string, resource: unknown): Promise<string[]> {
  const { metadata, ...rest } = object.parse(resource);
  return causesOf(
    server.request("POST", `${pathOf(plural)}?dryRun=All`, {
      // Another name: the examples themselves are there already.
      body: { ...rest, metadata: { name: `${metadata.name}0` } },
    }),
  );
}

/** What it says of a change to a resource that is there. */
async function saidOfChange(
  plural: string,
  place: string,
  change: unknown,
): Promise<string[]> {
  return causesOf(
    server.request("PATCH", `${pathOf(plural, place)}?dryRun=All`, {
      body: change,
      contentType: "application/merge-patch+json",
    }),
  );
}

async function causesOf(
  request: ReturnType<ApiServer["request"]>,
): Promise<string[]> {
  const { status, body } = await request;
  if (status < 300) return [];
  const parsed = refusal.safeParse(body);
  if (!parsed.success) throw new Error(JSON.stringify(body));
  return (
    parsed.data.details.causes
      .map(({ field, message }) => `${field}: ${message}`)
      // That rules wait until the types are right.
      .filter((cause) => !cause.includes("some validation rules were not"))
  );
}

describe.each(kinds)("$kind", ({ kind, plural, schema, refused }) => {
  const written = [...placesOf(schema)].filter(
    ({ path }) => path.length > 0 && path[0] !== "metadata",
  );

  test("says of each field what it is for", () => {
    const silent = written.filter(
      ({ path, schema: { description } }) =>
        path[path.length - 1] !== "*" &&
        !["apiVersion", "kind"].includes(path[0] ?? "") &&
        (description ?? "") === "",
    );
    expect(silent.map(({ path }) => path.join("."))).toEqual([]);
  });

  test("is shown in the examples with every field", () => {
    for (const { path } of written)
      expect(valueAt(exampleWith(kind, path), path)).toBeDefined();
  });

  test("is taken by the API server as the examples have it", async () => {
    for (const example of examplesOf(kind))
      expect(await said(plural, example)).toEqual([]);
  });

  test("has an example that is refused for every rule", () => {
    const messages = new Set(refused.map(({ message }) => message));
    const without = [...placesOf(schema)].flatMap(({ path, schema: at }) =>
      (at["x-kubernetes-validations"] ?? []).filter(
        (rule) =>
          !refused.some(
            (example) =>
              example.rule.join(".") === path.join(".") &&
              example.message.endsWith(`: ${rule.message}`),
          ),
      ),
    );
    expect(without).toEqual([]);
    expect(messages.size).toBeGreaterThan(5);
  });

  test.each(refused.map((example) => ({ ...example, name: nameOf(example) })))(
    "is refused: $name",
    async ({ rule, at, value, field, message, from }) => {
      const place = at ?? rule;
      const example = from === undefined ? exampleFor(kind, place) : undefined;
      const answer =
        example === undefined
          ? await saidOfKindChange(plural, value, from)
          : await said(plural, withValueAt(example, place, value));
      expect(answer).toEqual([`${field}: ${message}`]);
    },
  );

  test("is refused past each limit of its schema, with what the limit is", async () => {
    const cases = written.flatMap((place) => limitCases(kind, place));
    expect(cases.length).toBeGreaterThan(20);
    const answers = await Promise.all(
      cases.map(({ path, resource }) =>
        path[0] === "status"
          ? saidOfChange(plural, `${resource.metadata.name}/status`, {
              status: resource.status,
            })
          : said(plural, resource),
      ),
    );
    expect(answers).toEqual(cases.map(({ answer }) => [answer]));
  });
});

test("fields that nobody knows are refused by kubectl, not dropped", async () => {
  await expect(
    server.kubectl(
      ["apply", "--dry-run=server", "--filename=-"],
      JSON.stringify({
        apiVersion,
        kind: "Channel",
        metadata: { name: "typo" },
        spec: {
          tenant: "kigali-parts",
          agentRef: { name: "sales" },
          twilio: { number: "+250780000001" },
          suspend: true,
        },
      }),
    ),
  ).rejects.toThrow(/unknown field "spec\.suspend"/);
});

test("a rule's sentence is what kubectl shows, also without making anything", async () => {
  await expect(
    server.kubectl(
      ["apply", "--dry-run=server", "--filename=-"],
      JSON.stringify({
        apiVersion,
        kind: "Channel",
        metadata: { name: "nowhere" },
        spec: { tenant: "kigali-parts", agentRef: { name: "sales" } },
      }),
    ),
  ).rejects.toThrow(
    'The Channel "nowhere" is invalid: spec: Invalid value: "object": must be exactly one of twilio, sip and whatsapp',
  );
});

function nameOf({ field, message }: RefusedExample): string {
  return `${field}: ${message.replace(/^Invalid value: "\w+": /, "")}`;
}

/** The example that a change fits: one with the place, or with what is around it. */
function exampleFor(kind: "Agent" | "Channel", place: Path) {
  const whole = examplesOf(kind).find(
    (example) => valueAt(example, place) !== undefined,
  );
  return whole ?? exampleWith(kind, place.slice(0, -1));
}

async function saidOfKindChange(
  plural: string,
  value: unknown,
  from: unknown,
): Promise<string[]> {
  const name = "changed";
  await server.request("POST", pathOf(plural), {
    body: { apiVersion, kind: "Channel", metadata: { name }, spec: from },
  });
  return causesOf(
    server.request("PATCH", `${pathOf(plural, name)}?dryRun=All`, {
      body: [{ op: "replace", path: "/spec", value }],
      contentType: "application/json-patch+json",
    }),
  );
}

interface LimitCase {
  readonly path: Path;
  readonly resource: z.infer<typeof object>;
  readonly answer: string;
}

function limitCases(
  kind: "Agent" | "Channel",
  { path, schema }: { path: Path; schema: Schema },
): LimitCase[] {
  const example = exampleWith(kind, path);
  const changed = (place: Path, value: unknown, answer: string): LimitCase => ({
    path: place,
    resource: object.parse(withValueAt(example, place, value)),
    answer,
  });
  const field = fieldOf(example, path);
  const missing = (schema.required ?? []).map((name) =>
    changed([...path, name], undefined, `${field}.${name}: Required value`),
  );
  const doubled =
    schema["x-kubernetes-list-map-keys"] === undefined
      ? []
      : [
          changed(
            path,
            [condition, condition],
            `${field}[1]: Duplicate value: {"type":"Ready"}`,
          ),
        ];
  // Each example of a list's own limit would double the keys of its entries first.
  const breaches = breachesOf(
    doubled.length === 0 ? schema : { ...schema, maxItems: undefined },
    valueAt(example, path),
  ).map(({ value, message }) =>
    changed(path, value, `${field}: ${message(field)}`),
  );
  return [...missing, ...doubled, ...breaches];
}
