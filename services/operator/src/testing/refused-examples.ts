import type { Path } from "./schema-limits.js";

/** A resource that a rule refuses: the examples' own, with one thing changed. */
export interface RefusedExample {
  /** Where in the schema the rule stands. */
  readonly rule: Path;
  /** Where the change is made, when it is elsewhere. */
  readonly at?: Path;
  readonly value: unknown;
  /** What kubectl shows of it: the field, and the whole sentence. */
  readonly field: string;
  readonly message: string;
  /** For a rule about a change: what the resource was before. */
  readonly from?: unknown;
}

const BLANK = 'Invalid value: "string": must have words in it, not only blanks';
const OBJECT_NAME =
  'Invalid value: "string": must be the name of an object in this namespace: lower-case letters, digits, dots or hyphens';
const AGENT_NAME =
  'Invalid value: "string": must be the name of an Agent: lower-case letters, digits, dots or hyphens, beginning and ending with a letter or digit';
const NUMBER =
  'Invalid value: "string": must be a phone number in E.164, for example +250780000001';
const ONCE = 'Invalid value: "array": must list each entry once';
const VARIABLES =
  'Invalid value: "string": may have the variables {name} and {text}, with words for when there is none after a bar, for example {name|friend}';

const template = ["spec", "whatsapp", "template"];
const turnDetection = ["spec", "turnDetection"];

function onlyServerVad(field: string, value: number): RefusedExample {
  return {
    rule: turnDetection,
    value: { type: "semantic_vad", [field]: value },
    field: `spec.turnDetection.${field}`,
    message: `Invalid value: "object": ${field} belongs to server_vad; this is semantic_vad`,
  };
}

/** One for each rule of Agent. */
export const refusedAgents: readonly RefusedExample[] = [
  {
    rule: [],
    at: ["metadata", "name"],
    value: "a".repeat(64),
    field: "<nil>",
    message:
      'Invalid value: "object": metadata.name must have at most 63 characters',
  },
  {
    rule: ["spec"],
    value: {
      instructions: "You sell parts.",
      instructionsFrom: { configMapKeyRef: { name: "words", key: "sales" } },
    },
    field: "spec",
    message:
      'Invalid value: "object": has its instructions here (instructions) or in a ConfigMap (instructionsFrom), not both',
  },
  {
    rule: ["spec", "instructions"],
    value: " \n",
    field: "spec.instructions",
    message: BLANK,
  },
  {
    rule: ["spec", "instructionsFrom", "configMapKeyRef", "name"],
    value: "Support Words",
    field: "spec.instructionsFrom.configMapKeyRef.name",
    message: OBJECT_NAME,
  },
  {
    rule: ["spec", "instructionsFrom", "configMapKeyRef", "key"],
    value: "a/b",
    field: "spec.instructionsFrom.configMapKeyRef.key",
    message:
      'Invalid value: "string": must be a key of a ConfigMap: letters, digits, hyphens, dots or underscores',
  },
  {
    rule: ["spec", "model"],
    value: " ",
    field: "spec.model",
    message: BLANK,
  },
  { rule: ["spec", "voice"], value: "", field: "spec.voice", message: BLANK },
  {
    rule: ["spec", "languages"],
    value: ["en", "rw", "en"],
    field: "spec.languages",
    message: ONCE,
  },
  {
    rule: ["spec", "languages", "*"],
    value: "Kinyarwanda",
    field: "spec.languages[0]",
    message:
      'Invalid value: "string": must be a language tag, for example en or rw',
  },
  {
    rule: ["spec", "greeting"],
    value: "",
    field: "spec.greeting",
    message: BLANK,
  },
  {
    rule: ["spec", "tools"],
    value: ["fetch_lead", "fetch_lead"],
    field: "spec.tools",
    message: ONCE,
  },
  {
    rule: turnDetection,
    value: { type: "server_vad", eagerness: "low" },
    field: "spec.turnDetection.eagerness",
    message:
      'Invalid value: "object": eagerness belongs to semantic_vad; this is server_vad',
  },
  onlyServerVad("threshold", 0.5),
  onlyServerVad("prefix_padding_ms", 300),
  onlyServerVad("silence_duration_ms", 500),
  onlyServerVad("idle_timeout_ms", 10_000),
  {
    rule: ["spec", "optOut", "phrases", "*"],
    value: " a ",
    field: "spec.optOut.phrases[0]",
    message:
      'Invalid value: "string": must have at least two characters besides blanks',
  },
  {
    rule: ["spec", "optOut", "dtmf"],
    value: "*",
    field: "spec.optOut.dtmf",
    message:
      'Invalid value: "string": must be one key: a digit or # (* is for hearing a payment code again)',
  },
  {
    rule: ["spec", "payment"],
    value: { region: "rw", currency: "USD" },
    field: "spec.payment.currency",
    message:
      'Invalid value: "object": must be RWF in region rw: MoMo codes there are in francs',
  },
  {
    rule: ["spec", "payment", "region"],
    value: "RWA",
    field: "spec.payment.region",
    message:
      'Invalid value: "string": must be a country\'s two letters in lower case, for example rw',
  },
  {
    rule: ["spec", "payment", "currency"],
    at: ["spec", "payment"],
    value: { region: "mt", currency: "euro" },
    field: "spec.payment.currency",
    message:
      'Invalid value: "string": must be an ISO 4217 currency code, for example RWF',
  },
  {
    rule: ["spec", "payment", "merchant"],
    value: "12",
    field: "spec.payment.merchant",
    message:
      'Invalid value: "string": must be a merchant code of 3 to 12 digits',
  },
  {
    rule: ["spec", "transfer", "queue"],
    value: "Sales desk",
    field: "spec.transfer.queue",
    message:
      'Invalid value: "string": must be lower-case letters, digits, dots or hyphens, beginning and ending with a letter or digit',
  },
  {
    rule: ["spec", "transfer", "to"],
    value: "0788000009",
    field: "spec.transfer.to",
    message: NUMBER,
  },
  {
    rule: template,
    value: {
      name: "parts_are_here",
      language: "en",
      parameters: ["{name}"],
      namedParameters: { customer: "{name}" },
    },
    field: "spec.whatsapp.template",
    message:
      'Invalid value: "object": takes its variables in order (parameters) or by name (namedParameters), not both',
  },
  {
    rule: [...template, "name"],
    value: "Parts are here",
    field: "spec.whatsapp.template.name",
    message:
      'Invalid value: "string": must be a template\'s name: lower-case letters, digits and underscores',
  },
  {
    rule: [...template, "language"],
    value: "english",
    field: "spec.whatsapp.template.language",
    message:
      'Invalid value: "string": must be a template\'s language as Meta writes it, for example en or en_US',
  },
  {
    rule: [...template, "parameters", "*"],
    value: "{nobody}",
    field: "spec.whatsapp.template.parameters[0]",
    message: VARIABLES,
  },
  {
    rule: [...template, "namedParameters"],
    value: { Customer: "{name}" },
    field: "spec.whatsapp.template.namedParameters",
    message:
      'Invalid value: "object": must be named as at Meta: 1 to 64 lower-case letters, digits and underscores',
  },
  {
    rule: [...template, "namedParameters", "*"],
    value: "{name",
    field: "spec.whatsapp.template.namedParameters[customer]",
    message: VARIABLES,
  },
];

const kinds =
  'Invalid value: "object": must be exactly one of twilio, sip and whatsapp';

/** One for each rule of Channel, and more where there is more than one way to break it. */
export const refusedChannels: readonly RefusedExample[] = [
  {
    rule: ["spec"],
    value: { tenant: "kigali-parts", agentRef: { name: "sales" } },
    field: "spec",
    message: kinds,
  },
  {
    rule: ["spec"],
    value: {
      tenant: "kigali-parts",
      agentRef: { name: "sales" },
      sip: { uri: "sip:desk@kigali.example" },
      twilio: { number: "+250780000001" },
    },
    field: "spec",
    message: kinds,
  },
  {
    rule: ["spec"],
    value: {
      tenant: "kigali-parts",
      agentRef: { name: "sales" },
      sip: { trunk: "kigali.example" },
    },
    from: {
      tenant: "kigali-parts",
      agentRef: { name: "sales" },
      twilio: { number: "+250780000001" },
    },
    field: "spec",
    message:
      'Invalid value: "object": cannot change from one of twilio, sip and whatsapp to another: delete this Channel and make a new one',
  },
  {
    rule: ["spec", "tenant"],
    value: "kigali:parts",
    field: "spec.tenant",
    message:
      'Invalid value: "string": must be letters, digits, dots, hyphens or underscores, beginning and ending with a letter or digit',
  },
  {
    rule: ["spec", "agentRef", "name"],
    value: "Sales",
    field: "spec.agentRef.name",
    message: AGENT_NAME,
  },
  {
    rule: ["spec", "credentialsSecretRef", "name"],
    value: "my secret",
    field: "spec.credentialsSecretRef.name",
    message: OBJECT_NAME,
  },
  {
    rule: ["spec", "twilio", "number"],
    value: "0780000001",
    field: "spec.twilio.number",
    message: NUMBER,
  },
  {
    rule: ["spec", "sip"],
    value: {},
    field: "spec.sip",
    message:
      'Invalid value: "object": must be one of uri (an address) and trunk (a whole host)',
  },
  {
    rule: ["spec", "sip", "uri"],
    value: "desk@kigali.example",
    field: "spec.sip.uri",
    message:
      'Invalid value: "string": must be a SIP URI, for example sip:desk@kigali.example',
  },
  {
    rule: ["spec", "sip", "trunk"],
    value: "sip:kigali.example",
    field: "spec.sip.trunk",
    message:
      'Invalid value: "string": must be a host, for example kigali.example, with its port if it has one of its own',
  },
  {
    rule: ["spec", "whatsapp", "phoneNumberId"],
    value: "+250780000001",
    field: "spec.whatsapp.phoneNumberId",
    message:
      'Invalid value: "string": must be WhatsApp\'s phone number id: digits only (it is not the phone number)',
  },
];
