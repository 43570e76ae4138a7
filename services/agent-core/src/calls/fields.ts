import { z } from "zod";
import { text } from "../people/fields.js";

/** A carrier's id of a call: Twilio's CallSid, a SIP Call-ID. */
export const callId = text(255).meta({
  description: "The carrier's id of the call: Twilio's CallSid, a SIP Call-ID",
});

/** How a call can end, for whoever follows it up. */
export const dispositionCodes = [
  "completed",
  "interested",
  "not_interested",
  "callback",
  "sale",
  "payment_requested",
  "transferred",
  "voicemail",
  "no_answer",
  "busy",
  "failed",
  "wrong_number",
  "opted_out",
  "abandoned",
  "other",
] as const;

/** A call as answers show it. */
export const callShape = z
  .object({
    callId: z.string(),
    leadId: z.uuid().nullable(),
    direction: z.enum(["inbound", "outbound"]),
    platform: z.string(),
    region: z.string().nullable(),
    disposition: z
      .object({
        code: z.enum(dispositionCodes),
        notes: z.string().nullable(),
        at: z.iso.datetime(),
      })
      .nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Call" });

/** A call as answers show it. */
export type Call = z.output<typeof callShape>;
