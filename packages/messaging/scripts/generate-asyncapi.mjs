// Makes docs/asyncapi.yaml from the event schemas and the topic catalogue (run after the build); --check only compares.
import { format } from "prettier";
import { stringify } from "yaml";
import { z } from "zod";
import { eventSchemas, topicCatalogue } from "../dist/index.js";
import { emit } from "./generated.mjs";
import { repository } from "./topics.mjs";

const typeSchema = { type: "string", minLength: 1 };

function messageName(type) {
  return type.replace(/[._](\w)/g, (_, letter) => letter.toUpperCase());
}

function payloadOf(schema) {
  const json = z.toJSONSchema(schema, { io: "input" });
  delete json.$schema;
  return json;
}

/** Definitions that a payload refers to move to the document's own place for them. */
function withoutLocalDefinitions(name, payload, schemas) {
  const { $defs = {}, ...rest } = payload;
  const text = (value) =>
    JSON.stringify(value).replaceAll(
      /"#\/\$defs\/(\w+)"/g,
      `"#/components/schemas/${name}-$1"`,
    );
  for (const [key, definition] of Object.entries($defs)) {
    schemas[`${name}-${key}`] = JSON.parse(text(definition));
  }
  return JSON.parse(text(rest));
}

const schemas = {};
const messages = {};
for (const [type, schema] of Object.entries(eventSchemas)) {
  const name = messageName(type);
  schemas[name] = withoutLocalDefinitions(name, payloadOf(schema), schemas);
  messages[name] = {
    name: type,
    title: type,
    contentType: "application/json",
    headers: {
      allOf: [
        { $ref: "#/components/schemas/CloudEventHeaders" },
        { type: "object", properties: { ce_type: { const: type } } },
      ],
    },
    payload: { $ref: `#/components/schemas/${name}` },
  };
}

const headers = {
  CloudEventHeaders: {
    type: "object",
    description:
      "CloudEvents 1.0, Kafka protocol binding, binary content mode.",
    required: [
      "ce_specversion",
      "ce_id",
      "ce_source",
      "ce_type",
      "ce_tenantid",
    ],
    properties: {
      ce_specversion: { const: "1.0" },
      ce_id: {
        ...typeSchema,
        description: "The same for a repeat of the same outside request.",
      },
      ce_source: typeSchema,
      ce_type: typeSchema,
      ce_time: {
        type: "string",
        format: "date-time",
        description: "When it is left out, the data's `at`.",
      },
      ce_subject: typeSchema,
      ce_tenantid: typeSchema,
      ce_requestid: {
        ...typeSchema,
        description: "When it is left out, the event's own id.",
      },
      "content-type": { const: "application/json" },
      traceparent: { type: "string", description: "W3C Trace Context." },
    },
  },
  RetryHeaders: {
    type: "object",
    required: ["x-origin-topic", "x-attempt", "x-not-before", "x-error"],
    properties: {
      "x-origin-topic": typeSchema,
      "x-group": {
        ...typeSchema,
        description:
          "The consumer group that did not handle it; others pass it over. Without it, every reader of the topic that it was first on takes it.",
      },
      "x-attempt": {
        type: "string",
        pattern: "^[1-9][0-9]*$",
        description: "Attempts that were made.",
      },
      "x-not-before": { type: "string", format: "date-time" },
      "x-error": { type: "string", maxLength: 1024 },
    },
  },
};

const anyEvent = {
  name: "any",
  title: "Any event, as it was on the topic that it came from",
  headers: { $ref: "#/components/schemas/RetryHeaders" },
  payload: {},
};

const channels = {};
const operations = {};
for (const {
  name,
  description,
  partitions,
  replicas,
  key,
  eventTypes,
} of topicCatalogue) {
  const channel = messageName(name);
  const types = eventTypes.includes("*")
    ? ["any"]
    : eventTypes.map(messageName);
  channels[channel] = {
    address: name,
    description: `${description} Key: ${key}.`,
    messages: Object.fromEntries(
      types.map((type) => [type, { $ref: `#/components/messages/${type}` }]),
    ),
    bindings: {
      kafka: { topic: name, partitions, replicas, bindingVersion: "0.5.0" },
    },
  };
  for (const action of ["send", "receive"]) {
    operations[`${action}-${channel}`] = {
      action,
      channel: { $ref: `#/channels/${channel}` },
      messages: types.map((type) => ({
        $ref: `#/channels/${channel}/messages/${type}`,
      })),
    };
  }
}

const document = {
  asyncapi: "3.1.0",
  info: {
    title: "EasyMO bridges: events",
    version: "1.0.0",
    description:
      "What the services tell each other through Kafka. Records of one key are in order; a consumer may see a record more than once.",
    license: { name: "Apache-2.0" },
  },
  defaultContentType: "application/json",
  channels,
  operations,
  components: {
    messages: { ...messages, any: anyEvent },
    schemas: { ...headers, ...schemas },
  },
};

const head =
  "# Made by packages/messaging/scripts/generate-asyncapi.mjs from the event schemas and topics.yaml: change those.\n";
const yaml =
  head + stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
await emit(
  new URL("docs/asyncapi.yaml", repository),
  await format(yaml, { parser: "yaml" }),
);
