import { z } from "zod";
import { joinKnownBuyers } from "../buyers/register.js";
import { defaultPage, nextPage, pageLimit } from "../http/page.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { leadsOptedOut } from "../opt-outs/store.js";
import {
  identitiesOf,
  namingSomebody,
  optional,
  personFields,
} from "../people/fields.js";
import { decodeCursor, encodeCursor } from "./cursor.js";
import { leadDetails, leadShape, shownLead } from "./lead.js";
import { logLead } from "./log-lead.js";
import { findLead, leadIdsOf, pageOfLeads } from "./store.js";

const cursor = z.string().transform((text, context) => {
  const decoded = decodeCursor(text);
  if (decoded !== undefined) return decoded;
  context.addIssue({
    code: "custom",
    message: "must be the `next` of an earlier page",
  });
  return z.NEVER;
});

const fetchLead = defineRoute({
  method: "post",
  path: "/tools/fetch-lead",
  operationId: "fetchLead",
  tag: "leads",
  summary: "The lead of a number or a user id; null when nobody is known by it",
  effect: "read",
  params: unused,
  query: unused,
  body: namingSomebody(z.object(personFields)),
  answer: z.object({ lead: leadShape.nullable() }),
  problems: [],
  async handle({ body }, { sql, tenantId }) {
    // Known by both but as two people, it is the one of the number until evidence joins them.
    for (const identity of identitiesOf(body)) {
      const [leadId] = await leadIdsOf(sql, tenantId, [identity]);
      if (leadId === undefined) continue;
      const lead = await findLead(sql, tenantId, leadId);
      if (lead === undefined) continue;
      const optedOut = await leadsOptedOut(sql, tenantId, [lead.leadId]);
      return { lead: shownLead(lead, optedOut.has(lead.leadId)) };
    }
    return { lead: null };
  },
});

const logLeadRoute = defineRoute({
  method: "post",
  path: "/tools/log-lead",
  operationId: "logLead",
  tag: "leads",
  summary:
    "Adds what is known of a person; a number and an id that come together are one person, what is left out stays, `optIn: true` ends an opt-out",
  effect: "write",
  params: unused,
  query: unused,
  body: namingSomebody(
    z.object({
      ...personFields,
      name: optional(leadDetails.name),
      language: optional(leadDetails.language),
      tags: optional(leadDetails.tags),
      source: optional(leadDetails.source),
      lastChannel: optional(leadDetails.lastChannel),
      optIn: optional(leadDetails.optIn),
    }),
  ),
  answer: z.object({ lead: leadShape }),
  problems: [],
  async handle({ body }, { sql, tenantId, nowMs }) {
    const lead = await logLead(sql, tenantId, body, nowMs);
    // What makes two leads one person makes two buyers one.
    if (identitiesOf(body).length > 1)
      await joinKnownBuyers(sql, tenantId, body, nowMs);
    const optedOut = await leadsOptedOut(sql, tenantId, [lead.leadId]);
    return { lead: shownLead(lead, optedOut.has(lead.leadId)) };
  },
});

const listLeads = defineRoute({
  method: "get",
  path: "/tools/leads",
  operationId: "leads",
  tag: "leads",
  summary: "The tenant's leads, newest first, page by page",
  effect: "read",
  params: unused,
  query: z.strictObject({
    limit: optional(pageLimit),
    after: optional(cursor),
  }),
  body: unused,
  answer: z.object({
    leads: z.array(leadShape),
    next: nextPage,
  }),
  problems: [],
  async handle({ query }, { sql, tenantId }) {
    const count = query.limit ?? defaultPage;
    // One more than asked for tells whether there is a next page.
    const found = await pageOfLeads(sql, tenantId, {
      limit: count + 1,
      after: query.after,
    });
    const page = found.slice(0, count);
    const last = page.at(-1);
    const optedOut = await leadsOptedOut(
      sql,
      tenantId,
      page.map(({ leadId }) => leadId),
    );
    return {
      leads: page.map((lead) => shownLead(lead, optedOut.has(lead.leadId))),
      next:
        found.length > count && last !== undefined ? encodeCursor(last) : null,
    };
  },
});

/** The leads' part of the tools. */
export const leadRoutes: readonly Route[] = [
  fetchLead,
  logLeadRoute,
  listLeads,
];
