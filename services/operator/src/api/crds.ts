import { z } from "zod";
import { agentSpec, agentStatus } from "./agent.js";
import { channelSpec, channelStatus } from "./channel.js";
import {
  apiGroup,
  apiVersionName,
  resourceNames,
  type ResourceKind,
} from "./names.js";

interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description?: string;
}

const age: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
};

function conditionColumn(
  name: string,
  type: string,
  field: "status" | "reason",
): PrinterColumn {
  return {
    name,
    type: "string",
    jsonPath: `.status.conditions[?(@.type=="${type}")].${field}`,
  };
}

const definitions = {
  Agent: {
    description: "Who answers people who call or write, and how.",
    spec: agentSpec,
    status: agentStatus,
    rules: [
      {
        rule: "self.metadata.name.size() <= 63",
        // A path into the metadata is refused by the API server, so the sentence names it.
        message: "metadata.name must have at most 63 characters",
      },
    ],
    columns: [
      { name: "Model", type: "string", jsonPath: ".spec.model" },
      { name: "Languages", type: "string", jsonPath: ".spec.languages" },
      { name: "Channels", type: "integer", jsonPath: ".status.channels" },
      conditionColumn("Ready", "Ready", "status"),
      conditionColumn("Reason", "Ready", "reason"),
      age,
    ],
  },
  Channel: {
    description:
      "An address on which people call or write, and who answers there.",
    spec: channelSpec,
    status: channelStatus,
    rules: [],
    columns: [
      { name: "Address", type: "string", jsonPath: ".status.address" },
      { name: "Tenant", type: "string", jsonPath: ".spec.tenant" },
      { name: "Agent", type: "string", jsonPath: ".spec.agentRef.name" },
      conditionColumn("Ready", "Ready", "status"),
      conditionColumn("Reason", "Ready", "reason"),
      {
        name: "Last-Traffic",
        type: "date",
        jsonPath: ".status.lastTrafficTime",
      },
      age,
    ],
  },
} as const;

/** The CustomResourceDefinitions, made from the schemas that the operator itself reads by. Pure. */
export function customResourceDefinitions() {
  return [definitionOf("Agent"), definitionOf("Channel")];
}

function definitionOf(kind: ResourceKind) {
  const { plural, singular, short } = resourceNames[kind];
  const { description, spec, status, rules, columns } = definitions[kind];
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${apiGroup}`,
      labels: { "app.kubernetes.io/part-of": "easymo-bridges" },
    },
    spec: {
      group: apiGroup,
      scope: "Namespaced",
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [short],
        categories: ["easymo"],
      },
      versions: [
        {
          name: apiVersionName,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: "object",
              description,
              required: ["spec"],
              properties: {
                // Both are every object's; `kubectl explain` shows them.
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: structuralSchema(spec),
                status: structuralSchema(status),
              },
              ...(rules.length === 0
                ? {}
                : { "x-kubernetes-validations": rules }),
            },
          },
        },
      ],
    },
  };
}

/** What a structural schema has instead of zod's: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
function structuralSchema(schema: z.ZodType) {
  const json = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "throw",
    reused: "inline",
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === "integer") withoutSafeBounds(jsonSchema);
      // The names of a map are checked by a rule.
      delete jsonSchema.propertyNames;
      // The API server parses date-time itself; zod's pattern for it says nothing more.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  delete json.$schema;
  return json;
}

function withoutSafeBounds(schema: {
  minimum?: number;
  maximum?: number;
  format?: string;
}): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  schema.format = "int64";
}
