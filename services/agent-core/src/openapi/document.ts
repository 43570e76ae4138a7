import { z } from "zod";
import { type ProblemCode, problems } from "../http/problems.js";
import { type Route, unused } from "../http/route.js";

type Json = Record<string, unknown>;

const problemShape = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: "Stable: what programs compare" }),
    detail: z.string().optional(),
    instance: z.string().optional().meta({ description: "The x-request-id" }),
    retryable: z.boolean().optional(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457" });

/** The OpenAPI 3.1 document of the routes, from the schemas that check their requests. Pure. */
export function openApiDocument(routes: readonly Route[]): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = {
      ...paths[route.path],
      [route.method]: operation(route, components),
    };
  paths["/openapi.json"] = { get: ownOperation };
  return {
    openapi: "3.1.0",
    info: {
      title: "agent-core",
      version: "0.1.0",
      description:
        "The tools that agents use during a conversation, the registry of those who want none, and the money: wallet, buyers, vendors, rankings.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ tenantToken: [] }],
    paths,
    components: {
      securitySchemes: {
        tenantToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "HS256, with the claim tenantId",
        },
      },
      schemas: components.schemas,
    },
  };
}

const ownOperation: Json = {
  operationId: "openApi",
  tags: ["about"],
  summary: "This document",
  security: [],
  responses: {
    "200": {
      description: "The document",
      content: { "application/json": { schema: { type: "object" } } },
    },
  },
};

function operation(route: Route, components: Components): Json {
  const hasBody = route.body !== unused;
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    parameters: [
      ...parameters("path", route.params, components),
      ...parameters("query", route.query, components),
      ...(route.effect === "write" ? [idempotencyKey] : []),
    ],
    ...(hasBody
      ? {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: {
              "application/json": {
                schema: components.of(route.body, "input"),
              },
            },
          },
        }
      : {}),
    responses: responses(route, components),
  };
}

const idempotencyKey: Json = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description:
    "The same for every repeat of one intention: a repeat is answered with what the first was, and Idempotency-Replayed: true",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

function responses(route: Route, components: Components): Json {
  const schema = components.of(route.answer, "output");
  const answers: Json = {
    "200": {
      description: "Done",
      headers:
        route.effect === "write"
          ? {
              "Idempotency-Replayed": {
                description: "true when the answer had been given before",
                schema: { type: "string" },
              },
            }
          : {},
      content: { "application/json": { schema } },
    },
    "400": problemAnswer("`invalid_request`, naming each field", components),
  };
  const codes: ProblemCode[] = ["unauthorized", "wrong_tenant"];
  codes.push(...route.problems, "busy", "database_unavailable");
  if (route.effect === "write")
    codes.push("idempotency_in_flight", "idempotency_mismatch");
  for (const [status, own] of byStatus(codes))
    answers[status] = problemAnswer(
      own.map((code) => `\`${code}\`: ${problems[code].title}`).join("; "),
      components,
    );
  return answers;
}

function byStatus(codes: readonly ProblemCode[]): Map<string, ProblemCode[]> {
  const found = new Map<string, ProblemCode[]>();
  for (const code of new Set(codes)) {
    const status = String(problems[code].status);
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}

function problemAnswer(description: string, components: Components): Json {
  const schema = components.of(problemShape, "output");
  return { description, content: { "application/problem+json": { schema } } };
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())),
  required: z.array(z.string()).default([]),
});

function parameters(
  place: "path" | "query",
  schema: z.ZodType,
  components: Components,
): Json[] {
  if (schema === unused) return [];
  const { properties, required } = objectSchema.parse(
    components.of(schema, "input"),
  );
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

/** JSON Schemas; what has an id is written once and referred to. */
class Components {
  readonly schemas: Record<string, Json> = {};

  of(schema: z.ZodType, io: "input" | "output"): Json {
    const { $defs, ...json } = z.toJSONSchema(schema, {
      io,
      target: "draft-2020-12",
    });
    // The document as a whole says it already.
    delete json.$schema;
    for (const [id, definition] of Object.entries($defs ?? {}))
      this.schemas[id] = pointed(withoutId(definition));
    const own = typeof json.id === "string" ? json.id : undefined;
    if (own === undefined) return pointed(json);
    this.schemas[own] = pointed(withoutId(json));
    return { $ref: `#/components/schemas/${own}` };
  }
}

function withoutId(json: object): Json {
  return Object.fromEntries(
    Object.entries(json).filter(([key]) => key !== "id"),
  );
}

/** The references of one schema, as references of the document. */
function pointed(json: Json): Json {
  const text = JSON.stringify(json);
  const parsed: unknown = JSON.parse(
    text.replaceAll('"#/$defs/', '"#/components/schemas/'),
  );
  return z.record(z.string(), z.unknown()).parse(parsed);
}
