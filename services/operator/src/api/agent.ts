import { toolNames } from "@easymo/routing";
import { z } from "zod";
import { list, text, withRules } from "./cel.js";
import { conditions } from "./conditions.js";
import { objectName, phoneNumber, queueName, words } from "./fields.js";
import {
  agentAcceptedReasons,
  readyReason,
  topicsReadyReasons,
} from "./names.js";
import { resource } from "./resource.js";
import { turnDetection } from "./turn-detection.js";
import { template } from "./whatsapp-template.js";

const eachOnce = {
  rule: "self.all(one, self.exists_one(other, other == one))",
  message: "must list each entry once",
};

const language = text({
  maxCharacters: 35,
  pattern: "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
  message: "must be a language tag, for example en or rw",
});

const optOut = z
  .object({
    phrases: list(
      withRules(z.string().max(200), {
        rule: "self.trim().size() >= 2",
        message: "must have at least two characters besides blanks",
      }),
      200,
    )
      .optional()
      .describe(
        "What callers say who want no more of this, besides the built-in phrases in English, French, Kinyarwanda and Swahili.",
      ),
    dtmf: text({
      maxCharacters: 64,
      pattern: "^[0-9#]$",
      message:
        "must be one key: a digit or # (* is for hearing a payment code again)",
    })
      .optional()
      .describe("The key that opts out."),
  })
  .describe("How callers opt out.");

const payment = withRules(
  z.object({
    region: text({
      maxCharacters: 64,
      pattern: "^[a-z]{2}$",
      message: "must be a country's two letters in lower case, for example rw",
    }).describe("Where is paid: rw by MoMo code, mt by link, else by hand."),
    currency: text({
      maxCharacters: 64,
      pattern: "^[A-Z]{3}$",
      message: "must be an ISO 4217 currency code, for example RWF",
    }).describe("ISO 4217."),
    merchant: text({
      maxCharacters: 64,
      pattern: "^[0-9]{3,12}$",
      message: "must be a merchant code of 3 to 12 digits",
    })
      .optional()
      .describe("The MoMo merchant code that is paid to."),
  }),
  {
    rule: "self.region != 'rw' || self.currency == 'RWF'",
    message: "must be RWF in region rw: MoMo codes there are in francs",
    fieldPath: ".currency",
  },
).describe("How people pay; by default region rw in RWF.");

const transfer = z
  .object({
    queue: queueName.describe("The queue's name, as reports show it."),
    to: phoneNumber.describe("The number that the call goes on to, in E.164."),
  })
  .describe("Whom a caller is put through to.");

const limits = z
  .object({
    calls: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe(
        "Calls at once, over all replicas; the next caller is told that all lines are busy, or passed on.",
      ),
    callSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .optional()
      .describe(
        "How long one call may last, in seconds; it is then ended politely.",
      ),
    tokensPerDay: z
      .int()
      .min(1)
      .max(1_000_000_000_000)
      .optional()
      .describe(
        "The model's tokens for one day (UTC), calls and WhatsApp together; when they are spent, new calls are passed on and rules answer on WhatsApp.",
      ),
  })
  .describe(
    "What this agent may use up for each tenant; without a limit, none is kept.",
  );

/** What an Agent is asked to be: the routing document's agent, its name being the resource's. */
export const agentSpec = withRules(
  z.object({
    instructions: words(32_768)
      .optional()
      .describe(
        "What the model is told to be and do; without them it keeps to helping whoever calls.",
      ),
    instructionsFrom: z
      .object({
        configMapKeyRef: z
          .object({
            name: objectName.describe("The ConfigMap, in this namespace."),
            key: text({
              maxCharacters: 253,
              pattern: "^[-._a-zA-Z0-9]+$",
              message:
                "must be a key of a ConfigMap: letters, digits, hyphens, dots or underscores",
            }).describe("The key whose value is the instructions."),
          })
          .describe("A key of a ConfigMap."),
      })
      .optional()
      .describe("Where the instructions are, when they are not here."),
    model: words(100)
      .default("gpt-realtime")
      .describe("The model that answers."),
    voice: words(100).default("marin").describe("The voice it speaks with."),
    languages: withRules(list(language, 20).min(1), eachOnce)
      .default(["en"])
      .describe(
        "Language tags (BCP 47); the first is the one that a call begins in.",
      ),
    greeting: words(1_000)
      .optional()
      .describe(
        "What the agent says first; by default a greeting in its first language.",
      ),
    tools: withRules(list(z.enum(toolNames), toolNames.length), eachOnce)
      .optional()
      .describe("What the agent may do besides talking."),
    turnDetection: turnDetection.optional(),
    optOut: optOut.optional(),
    payment: payment.optional(),
    transfer: transfer.optional(),
    whatsapp: z
      .object({ template })
      .optional()
      .describe("How people are written to on WhatsApp."),
    limits: limits.optional(),
  }),
  {
    rule: "!(has(self.instructions) && has(self.instructionsFrom))",
    message:
      "has its instructions here (instructions) or in a ConfigMap (instructionsFrom), not both",
  },
).describe("Who answers, and how.");

/** What became of an Agent. */
export const agentStatus = z
  .object({
    observedGeneration: z
      .int()
      .optional()
      .describe("The generation of the spec that this status is about."),
    channels: z
      .int()
      .optional()
      .describe("How many channels this agent answers on."),
    configurationHash: z
      .string()
      .max(128)
      .optional()
      .describe(
        "A hash of what the services were told of this agent, its instructions included.",
      ),
    conditions: conditions({
      Accepted: agentAcceptedReasons,
      Ready: [readyReason, "otherwise Accepted's"],
      TopicsReady: topicsReadyReasons,
    }).optional(),
  })
  .describe("What became of it; written by the operator.");

/** The whole resource. */
export const agentSchema = resource("Agent", agentSpec, agentStatus);

/** Who answers. */
export type Agent = z.infer<typeof agentSchema>;
/** What an Agent is asked to be, with its defaults. */
export type AgentSpec = z.infer<typeof agentSpec>;
