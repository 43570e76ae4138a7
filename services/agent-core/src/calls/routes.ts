import { z } from "zod";
import { refusal } from "../http/problems.js";
import { defineRoute, type Route, unused, type Work } from "../http/route.js";
import { ownsCall, ownsLead } from "../http/tenancy.js";
import { findLead } from "../leads/store.js";
import { optional, text } from "../people/fields.js";
import { callId, callShape, dispositionCodes } from "./fields.js";
import { completeCall, insertCall, setDisposition } from "./store.js";

/** A short name such as `twilio` or `rw`. */
const word = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/,
    "must be 1 to 32 letters, digits, hyphens or underscores",
  );

const createCall = defineRoute({
  method: "post",
  path: "/tools/create-call",
  operationId: "createCall",
  tag: "calls",
  summary:
    "Records a call, once per callId; saying it again adds the lead or region that was missing",
  effect: "write",
  params: unused,
  query: unused,
  body: z.object({
    callId,
    leadId: optional(z.uuid()),
    direction: z.enum(["inbound", "outbound"]),
    platform: word.meta({
      description: "What carries the call, for example twilio or sip",
    }),
    region: optional(word),
  }),
  answer: z.object({ call: callShape }),
  problems: ["wrong_tenant", "unknown_lead", "call_conflict"],
  async handle({ body }, work) {
    const { sql, tenantId, nowMs } = work;
    const leadId =
      body.leadId === undefined
        ? undefined
        : await ownLeadId(work, body.leadId);
    const wanted = { ...body, leadId };
    await insertCall(sql, tenantId, wanted, nowMs);
    await ownsCall(sql, tenantId, body.callId);
    const call = await completeCall(sql, tenantId, wanted);
    if (call === undefined) throw unknownCall();
    for (const field of ["direction", "platform"] as const)
      if (call[field] !== body[field])
        throw refusal(
          "call_conflict",
          `The call is recorded with ${field} ${call[field]}`,
          { field },
        );
    return { call };
  },
});

const setDispositionRoute = defineRoute({
  method: "post",
  path: "/tools/set-disposition",
  operationId: "setDisposition",
  tag: "calls",
  summary: "Says how a call ended; a later word replaces an earlier one",
  effect: "write",
  params: unused,
  query: unused,
  body: z.object({
    callId,
    code: z.enum(
      dispositionCodes,
      `must be one of ${dispositionCodes.join(", ")}`,
    ),
    notes: optional(text(4_000)),
  }),
  answer: z.object({ call: callShape }),
  problems: ["wrong_tenant", "unknown_call"],
  async handle({ body }, { sql, tenantId, nowMs }) {
    await ownsCall(sql, tenantId, body.callId);
    const { code, notes } = body;
    const call = await setDisposition(sql, tenantId, body.callId, {
      code,
      notes,
      nowMs,
    });
    if (call === undefined) throw unknownCall();
    return { call };
  },
});

/** The calls' part of the tools. */
export const callRoutes: readonly Route[] = [createCall, setDispositionRoute];

/** The id under which the lead goes now: it may have been joined into another. */
async function ownLeadId(work: Work, leadId: string): Promise<string> {
  await ownsLead(work.sql, work.tenantId, leadId);
  const lead = await findLead(work.sql, work.tenantId, leadId);
  if (lead === undefined)
    throw refusal("unknown_lead", "No lead has this leadId", {
      field: "leadId",
    });
  return lead.leadId;
}

function unknownCall() {
  return refusal(
    "unknown_call",
    "Record the call first, with POST /tools/create-call",
    { field: "callId" },
  );
}
