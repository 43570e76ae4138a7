import { isPossiblePhoneNumber, getCountries } from "libphonenumber-js/core";
import numberPlans from "libphonenumber-js/min/metadata";
import { z } from "zod";
import { isSipAddress, normalizeAddress } from "./addresses.js";
import { defaultInstructions } from "./instructions.js";
import { isTemplateText } from "./template-text.js";

/** The tools that an agent may be given; one that is not here is refused. */
export const toolNames = [
  "fetch_lead",
  "log_lead",
  "capture_intent",
  "collect_payment",
  "set_disposition",
  "warm_transfer",
  "register_opt_out",
] as const;

/** The kinds of channel on which people reach an agent. */
export const channelKinds = ["twilio", "sip", "whatsapp"] as const;

const countries: readonly string[] = getCountries(numberPlans);

const maxInstructionsCharacters = 32_768;
const maxGreetingCharacters = 1_000;

const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/,
    "must be 1 to 63 lower-case letters, digits, dots or hyphens, and begin and end with a letter or digit",
  );

// A tenant is part of Kafka keys (`tenantId:userId`), so a colon would make two tenants look alike.
const tenant = z
  .string()
  .regex(
    /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/,
    "must be 1 to 63 letters, digits, dots, hyphens or underscores, and begin and end with a letter or digit",
  );

const phoneNumber = z
  .string(
    'must be a phone number in quotes, for example "+250780000001" (without quotes YAML reads a number)',
  )
  .refine(
    (value) =>
      /^\+[1-9]\d{6,14}$/.test(value) &&
      isPossiblePhoneNumber(value, numberPlans),
    "must be a phone number in E.164, for example +250780000001",
  );

/** With a user, that one address; without, everybody at that host who has no channel of their own. */
const sipAddress = z
  .string()
  .refine(
    isSipAddress,
    "must be a SIP URI, for example sip:desk@kigali.example, or a trunk's, for example sip:kigali.example",
  );

const phoneNumberId = z
  .string(
    'must be WhatsApp\'s phone number id in quotes, for example "106540352242922"',
  )
  .regex(
    /^\d{5,20}$/,
    "must be WhatsApp's phone number id: digits only (it is not the phone number)",
  );

/**
 * The options keep OpenAI's own names, because they are sent as they are.
 * Source: https://platform.openai.com/docs/api-reference/realtime-sessions (audio.input.turn_detection)
 */
const turnDetection = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      type: z.literal("server_vad"),
      threshold: z.number().min(0).max(1).optional(),
      prefix_padding_ms: z.int().min(0).max(10_000).optional(),
      silence_duration_ms: z.int().min(0).max(10_000).optional(),
      idle_timeout_ms: z.int().min(5_000).max(30_000).optional(),
      create_response: z.boolean().optional(),
      interrupt_response: z.boolean().optional(),
    }),
    z.strictObject({
      type: z.literal("semantic_vad"),
      eagerness: z.enum(["low", "medium", "high", "auto"]).optional(),
      create_response: z.boolean().optional(),
      interrupt_response: z.boolean().optional(),
    }),
  ],
  { error: "type must be server_vad or semantic_vad" },
);

const optOut = z.strictObject({
  /** Said by the caller, besides the built-in lexicon of four languages. */
  phrases: z.array(z.string().trim().min(2).max(200)).max(200).default([]),
  // `*` is taken: it plays the payment code again.
  dtmf: z
    .string('must be one key in quotes, for example "9"')
    .regex(/^[0-9#]$/, "must be one key: a digit or # (* is for hearing again)")
    .optional(),
});

const payment = z
  .strictObject({
    region: z
      .string()
      .refine(
        (value) =>
          /^[a-z]{2}$/.test(value) && countries.includes(value.toUpperCase()),
        "must be a country's two letters in lower case, for example rw",
      ),
    currency: z
      .string()
      .refine(isCurrency, "must be an ISO 4217 currency code, for example RWF"),
    merchant: z
      .string('must be a merchant code in quotes, for example "123456"')
      .regex(/^\d{3,12}$/, "must be a merchant code of 3 to 12 digits")
      .optional(),
  })
  .refine((value) => value.region !== "rw" || value.currency === "RWF", {
    path: ["currency"],
    error: "must be RWF in region rw: MoMo codes there are in francs",
  });

const transfer = z.strictObject({ queue: name, to: phoneNumber });

const templateVariable = z
  .string()
  .min(1)
  .max(1_024)
  .refine(
    isTemplateText,
    "may have the variables {name} and {text}, with words for when there is none after a bar, for example {name|friend}",
  );

/** What is said to people who have not written for 24 hours: a template that Meta approved, and what its variables are filled with. */
const whatsapp = z.strictObject({
  template: z.strictObject({
    name: z
      .string()
      .regex(
        /^[a-z0-9_]{1,512}$/,
        "must be a template's name: lower-case letters, digits and underscores",
      ),
    language: z
      .string()
      .regex(
        /^[a-z]{2,3}(_[A-Z]{2,4})?$/,
        "must be a template's language as Meta writes it, for example en or en_US",
      ),
    /** The variables of its body, in order or by name: `{name}` is the person's, `{text}` what was to be said. */
    parameters: z
      .union([
        z.array(templateVariable).min(1).max(100),
        z.record(z.string().regex(/^[a-z0-9_]{1,64}$/), templateVariable),
      ])
      .optional(),
  }),
});

/** What one tenant may have of an agent; each is without limit when it is not there. */
const limits = z.strictObject({
  /** Calls at once, over all replicas. */
  calls: z.int().min(1).max(10_000).optional(),
  /** How long a call may take; it is then ended politely. */
  callSeconds: z.int().min(10).max(86_400).optional(),
  /** The model's tokens in one day (UTC), on calls and on WhatsApp together. */
  tokensPerDay: z.int().min(1).max(1_000_000_000_000).optional(),
});

const greetings: Readonly<Record<string, string>> = {
  en: "Hello, how may I help you?",
  fr: "Bonjour, comment puis-je vous aider ?",
  rw: "Muraho, nabafasha iki?",
  sw: "Habari, naweza kukusaidia vipi?",
};

const agent = z
  .strictObject({
    name,
    instructions: z
      .string()
      .trim()
      .min(1)
      .max(maxInstructionsCharacters)
      .default(defaultInstructions),
    model: z.string().min(1).max(100).default("gpt-realtime"),
    voice: z.string().min(1).max(100).default("marin"),
    /** BCP 47, the first is the one that a call begins in. */
    languages: z
      .array(
        z
          .string()
          .regex(
            /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/,
            "must be a language tag, for example en or rw",
          ),
      )
      .min(1)
      .max(20)
      .default(["en"]),
    greeting: z.string().trim().min(1).max(maxGreetingCharacters).optional(),
    tools: z
      .array(z.enum(toolNames, `must be one of ${toolNames.join(", ")}`))
      .default([]),
    turnDetection: turnDetection.default({ type: "server_vad" }),
    optOut: optOut.default({ phrases: [] }),
    payment: payment.default({ region: "rw", currency: "RWF" }),
    transfer: transfer.optional(),
    whatsapp: whatsapp.optional(),
    limits: limits.optional(),
  })
  .transform((value) => ({
    ...value,
    greeting: value.greeting ?? greetingIn(value.languages),
  }));

/** A name for people and metrics, of Kubernetes' letters: `name` or `namespace/name`. Never the address. */
const channelName = z
  .string()
  .max(317)
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
    "must be a name, for example parts-desk or production/parts-desk: lower-case letters, digits, dots and hyphens",
  );

const channelOwner = { tenant, agent: name, name: channelName.optional() };

const channel = z
  .discriminatedUnion(
    "kind",
    [
      z.strictObject({
        kind: z.literal("twilio"),
        address: phoneNumber,
        ...channelOwner,
      }),
      z.strictObject({
        kind: z.literal("sip"),
        address: sipAddress,
        ...channelOwner,
      }),
      z.strictObject({
        kind: z.literal("whatsapp"),
        address: phoneNumberId,
        ...channelOwner,
      }),
    ],
    { error: `kind must be one of ${channelKinds.join(", ")}` },
  )
  .transform((value) => ({
    ...value,
    address: normalizeAddress(value.kind, value.address),
  }));

/** The shape of one routing document; what concerns several entries is checked in `check.ts`. */
export const routingDocumentSchema = z.strictObject({
  agents: z.array(agent),
  channels: z.array(channel),
});

/** A tool that an agent may use. */
export type ToolName = (typeof toolNames)[number];
/** A kind of channel. */
export type ChannelKind = (typeof channelKinds)[number];
/** When the model takes the caller's turn for finished, in OpenAI's own words. */
export type TurnDetection = z.infer<typeof turnDetection>;
/** What one tenant may have of an agent. */
export type AgentLimits = z.infer<typeof limits>;
/** Who answers: everything that a session with the model is set up from. */
export type Agent = z.infer<typeof agent>;
/** An address on which a tenant's agent answers. */
export type Channel = z.infer<typeof channel>;
/** One whole document. */
export type RoutingDocument = z.infer<typeof routingDocumentSchema>;

function greetingIn(languages: readonly string[]): string {
  const primary = languages[0]?.split("-")[0] ?? "en";
  return greetings[primary] ?? "Hello, how may I help you?";
}

function isCurrency(code: string): boolean {
  return (
    /^[A-Z]{3}$/.test(code) && Intl.supportedValuesOf("currency").includes(code)
  );
}
