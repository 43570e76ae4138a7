import { z } from "zod";

/** What of a structural schema limits values. */
export interface Schema {
  readonly type?: string | undefined;
  readonly description?: string | undefined;
  readonly format?: string | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly required?: readonly string[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minProperties?: number | undefined;
  readonly maxProperties?: number | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly items?: Schema | undefined;
  readonly additionalProperties?: Schema | undefined;
  readonly "x-kubernetes-list-map-keys"?: readonly string[] | undefined;
  readonly "x-kubernetes-validations"?:
    readonly { readonly rule: string; readonly message: string }[] | undefined;
}

const bound = z.number().optional();

/** Refuses keywords that the tests do not know: nothing in a definition goes without an example. */
export const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.strictObject({
    type: z.string().optional(),
    description: z.string().optional(),
    format: z.string().optional(),
    default: z.unknown().optional(),
    enum: z.array(z.string()).optional(),
    required: z.array(z.string()).optional(),
    minimum: bound,
    maximum: bound,
    minLength: bound,
    maxLength: bound,
    minItems: bound,
    maxItems: bound,
    minProperties: bound,
    maxProperties: bound,
    properties: z.record(z.string(), schemaSchema).optional(),
    items: schemaSchema.optional(),
    additionalProperties: schemaSchema.optional(),
    "x-kubernetes-list-type": z.enum(["atomic", "map"]).optional(),
    "x-kubernetes-list-map-keys": z.array(z.string()).optional(),
    "x-kubernetes-validations": z
      .array(
        z.strictObject({
          rule: z.string(),
          message: z.string(),
          fieldPath: z.string().optional(),
        }),
      )
      .optional(),
  }),
);

/** A place in a resource; `*` stands for each item of a list, or each value of a map. */
export type Path = readonly string[];

/** Every schema with its place. */
export function* placesOf(
  schema: Schema,
  path: Path = [],
): Generator<{ path: Path; schema: Schema }> {
  yield { path, schema };
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    yield* placesOf(inner, [...path, name]);
  const each = schema.items ?? schema.additionalProperties;
  if (each !== undefined) yield* placesOf(each, [...path, "*"]);
}

/** Something that a schema does not allow, and what the API server says of it. */
export interface Broken {
  /** What is put in the place; undefined takes it away. */
  readonly value: unknown;
  /** The field that the API server names, when it is not the place itself. */
  readonly field?: string;
  readonly message: (field: string) => string;
}

const many = (count: number, one: unknown): unknown[] =>
  Array.from({ length: count }, () => one);

/** One breach of each limit of a schema, given what is allowed there. The messages are those of Kubernetes 1.34. */
export function breachesOf(schema: Schema, allowed: unknown): Broken[] {
  return [
    ...breachesOfNumbers(schema),
    ...breachesOfText(schema),
    ...breachesOfCollections(schema, allowed),
  ];
}

function breachesOfNumbers({ minimum, maximum }: Schema): Broken[] {
  const outside = (value: number, bound: string): Broken => ({
    value,
    message: (field) =>
      `Invalid value: ${value}: ${field} in body should be ${bound}`,
  });
  return [
    ...(minimum === undefined
      ? []
      : [outside(minimum - 1, `greater than or equal to ${minimum}`)]),
    ...(maximum === undefined
      ? []
      : [outside(maximum + 1, `less than or equal to ${maximum}`)]),
  ];
}

function breachesOfText(schema: Schema): Broken[] {
  const { minLength, maxLength, format, enum: values } = schema;
  const broken: Broken[] = [];
  if (maxLength !== undefined)
    broken.push({
      value: "a".repeat(maxLength + 1),
      message: () => `Too long: may not be more than ${maxLength} bytes`,
    });
  if (minLength !== undefined)
    broken.push({
      value: "a".repeat(minLength - 1),
      message: (field) =>
        `Invalid value: "": ${field} in body should be at least ${minLength} chars long`,
    });
  if (format === "date-time")
    broken.push({
      value: "yesterday",
      // Of a status it says the place from there on.
      message: (field) =>
        `Invalid value: "yesterday": ${field.replace(/^status\./, "")} in body must be of type date-time: "yesterday"`,
    });
  if (values !== undefined)
    broken.push({
      value: "something else",
      message: () =>
        `Unsupported value: "something else": supported values: ${values.map((value) => `"${value}"`).join(", ")}`,
    });
  return broken;
}

function breachesOfCollections(schema: Schema, allowed: unknown): Broken[] {
  const { minItems, maxItems, minProperties, maxProperties } = schema;
  const broken: Broken[] = [];
  const first = Array.isArray(allowed) ? z.unknown().parse(allowed[0]) : "x";
  if (maxItems !== undefined)
    broken.push({
      value: many(maxItems + 1, first),
      message: () =>
        `Too many: ${maxItems + 1}: must have at most ${maxItems} items`,
    });
  if (minItems !== undefined)
    broken.push({
      value: many(minItems - 1, first),
      message: (field) =>
        `Invalid value: ${minItems - 1}: ${field} in body should have at least ${minItems} items`,
    });
  if (maxProperties !== undefined)
    broken.push({
      value: Object.fromEntries(
        many(maxProperties + 1, "x").map((value, i) => [`k${i}`, value]),
      ),
      message: () =>
        `Too many: ${maxProperties + 1}: must have at most ${maxProperties} items`,
    });
  if (minProperties !== undefined)
    broken.push({
      value: {},
      message: (field) =>
        `Invalid value: 0: ${field} in body should have at least ${minProperties} properties`,
    });
  return broken;
}

/** Values at a place, of the first example that has it: `*` is the first item or value. Undefined when there is none. */
export function valueAt(object: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return object;
  if (typeof object !== "object" || object === null) return undefined;
  const entries = Object.entries(object);
  const [, next] =
    (step === "*" ? entries[0] : entries.find(([name]) => name === step)) ?? [];
  return valueAt(next, rest);
}

/** A copy with another value at a place, or, when it is undefined, without it. */
export function withValueAt(
  object: unknown,
  path: Path,
  value: unknown,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof object !== "object" || object === null)
    throw new Error(`nothing is at ${path.join(".")}`);
  const entries = Object.entries(object);
  const key = step === "*" ? (entries[0]?.[0] ?? "") : step;
  const inner = withValueAt(new Map(entries).get(key), rest, value);
  if (Array.isArray(object))
    return object.map((item: unknown, i) => (String(i) === key ? inner : item));
  return Object.fromEntries([
    ...entries.filter(([name]) => name !== key),
    ...(inner === undefined ? [] : [[key, inner] as const]),
  ]);
}

/** A place as the API server writes it: `spec.tools[0]`, `spec.map.key` for a map. */
export function fieldOf(object: unknown, path: Path): string {
  let text = "";
  let at = object;
  for (const [i, step] of path.entries()) {
    if (step === "*" && Array.isArray(at)) text += "[0]";
    else if (step === "*")
      text += `.${Object.keys(z.looseObject({}).parse(at))[0] ?? ""}`;
    else text += text === "" ? step : `.${step}`;
    at = valueAt(object, path.slice(0, i + 1));
  }
  return text;
}
