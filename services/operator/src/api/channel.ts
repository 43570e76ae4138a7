import { z } from "zod";
import { text, withRules } from "./cel.js";
import { conditions } from "./conditions.js";
import { agentName, objectName, phoneNumber, timestamp } from "./fields.js";
import {
  channelAcceptedReasons,
  programmedReasons,
  readyReason,
} from "./names.js";
import { resource } from "./resource.js";

const host = "([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\\[[0-9a-f:.]+\\])";

const twilio = z
  .object({
    number: phoneNumber.describe("The number that people call, in E.164."),
  })
  .describe("A phone number at Twilio.");

const sip = withRules(
  z.object({
    uri: text({
      maxCharacters: 512,
      // RFC 3261 §19.1: a user, a host, a port, parameters, headers. Two flags: case does not matter.
      pattern: `(?i)^sips?:[^@\\s;?<>:]+@${host}(:[0-9]{1,5})?((;[^;?\\s<>]+)*)(\\?[^\\s<>]*)?$`,
      message: "must be a SIP URI, for example sip:desk@kigali.example",
    })
      .optional()
      .describe("One address, for example sip:desk@kigali.example."),
    trunk: text({
      maxCharacters: 253,
      pattern: `(?i)^${host}(:[0-9]{1,5})?$`,
      message:
        "must be a host, for example kigali.example, with its port if it has one of its own",
    })
      .optional()
      .describe(
        "A host: whoever is called there and is no channel of its own.",
      ),
  }),
  {
    rule: "has(self.uri) != has(self.trunk)",
    message: "must be one of uri (an address) and trunk (a whole host)",
  },
).describe("An address, or all of a host, on a SIP trunk.");

const whatsapp = z
  .object({
    phoneNumberId: text({
      maxCharacters: 64,
      pattern: "^[0-9]{5,20}$",
      message:
        "must be WhatsApp's phone number id: digits only (it is not the phone number)",
    }).describe("Meta's id of the number, not the number itself."),
  })
  .describe("A WhatsApp number.");

/** The kinds of channel, as they are named in a spec. */
const kinds = ["twilio", "sip", "whatsapp"] as const;

/** What a Channel is asked to be. */
export const channelSpec = withRules(
  z.object({
    // A tenant is part of Kafka's keys (tenant:user), so a colon would make two look alike.
    tenant: text({
      maxCharacters: 63,
      pattern: "^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$",
      message:
        "must be letters, digits, dots, hyphens or underscores, beginning and ending with a letter or digit",
    }).describe("Whose channel it is."),
    agentRef: z
      .object({ name: agentName.describe("The Agent's name.") })
      .describe("Who answers: an Agent in this namespace."),
    credentialsSecretRef: z
      .object({ name: objectName.describe("The Secret's name.") })
      .optional()
      .describe(
        "A Secret in this namespace with the provider's credentials (TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or META_ACCESS_TOKEN and META_VERIFY_TOKEN); by default the release's own.",
      ),
    suspended: z
      .boolean()
      .default(false)
      .describe("Nobody answers for now; the provider's settings stay."),
    twilio: twilio.optional(),
    sip: sip.optional(),
    whatsapp: whatsapp.optional(),
  }),
  {
    rule: `[${kinds.map((kind) => `has(self.${kind})`).join(", ")}].exists_one(given, given)`,
    message: "must be exactly one of twilio, sip and whatsapp",
  },
  {
    rule: kinds
      .map((kind) => `has(self.${kind}) == has(oldSelf.${kind})`)
      .join(" && "),
    message:
      "cannot change from one of twilio, sip and whatsapp to another: delete this Channel and make a new one",
  },
).describe("Where people reach whom.");

/** What became of a Channel. */
export const channelStatus = z
  .object({
    observedGeneration: z
      .int()
      .optional()
      .describe("The generation of the spec that this status is about."),
    address: z
      .string()
      .max(1_024)
      .optional()
      .describe("The address, as the routing document has it."),
    webhookAddress: z
      .string()
      .max(2_048)
      .optional()
      .describe("Where the provider sends what happens on this channel."),
    programmedAddress: z
      .string()
      .max(1_024)
      .optional()
      .describe(
        "The address whose settings at the provider were made, and are to be taken back.",
      ),
    lastTrafficTime: timestamp
      .optional()
      .describe("When somebody last called or wrote, as far as is known."),
    conditions: conditions({
      Accepted: channelAcceptedReasons,
      Programmed: programmedReasons,
      Ready: [readyReason, "otherwise that of what does not hold"],
    }).optional(),
  })
  .describe("What became of it; written by the operator.");

/** The whole resource. */
export const channelSchema = resource("Channel", channelSpec, channelStatus);

/** Where people reach whom. */
export type Channel = z.infer<typeof channelSchema>;
/** What a Channel is asked to be. */
export type ChannelSpec = z.infer<typeof channelSpec>;
