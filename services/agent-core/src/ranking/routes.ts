import { randomUUID } from "node:crypto";
import { z } from "zod";
import { slots } from "../buyers/records.js";
import type { Sql } from "../database/port.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { optedOutAmong, optOutOf } from "../opt-outs/store.js";
import {
  type Identity,
  identitiesOf,
  namingSomebody,
  optional,
  personFields,
  text,
  toE164,
} from "../people/fields.js";
import { vendorsOf } from "../vendors/store.js";
import type { Vendor } from "../vendors/vendor.js";
import { type Candidate, candidateShape } from "./candidate.js";
import { rank } from "./score.js";
import { wishOf } from "./wish.js";

const defaultLimit = 5;

const body = z.object({
  intentId: text(512),
  name: text(512),
  slots,
  contact: z.union([text(512), namingSomebody(z.object(personFields))]).meta({
    description: "E.164, or the user id when no number is known; or both",
  }),
  limit: optional(z.int().min(1).max(50)),
});

const rankRoute = defineRoute({
  method: "post",
  path: "/rankings",
  operationId: "rank",
  tag: "ranking",
  summary:
    "Who could sell what is wanted, the best first, each with its reasons; nobody for somebody who opted out, and nobody who did",
  effect: "write",
  params: unused,
  query: unused,
  body,
  answer: z.object({
    rankingId: z.uuid(),
    candidates: z.array(candidateShape),
  }),
  problems: [],
  async handle({ body: asked }, { sql, tenantId, nowMs }) {
    const contact = contactOf(asked.contact);
    const optOut = await optOutOf(sql, tenantId, contact);
    const candidates =
      optOut === undefined
        ? rank(
            wishOf(asked.slots),
            await willingVendors(sql, tenantId),
            asked.limit ?? defaultLimit,
          )
        : [];
    const rankingId = randomUUID();
    const ranking = { ...asked, rankingId, candidates, nowMs };
    await saveRanking(sql, tenantId, ranking);
    return { rankingId, candidates };
  },
});

/** What suits whom. */
export const rankingRoutes: readonly Route[] = [rankRoute];

/** By what the asker is known. A text may be a number without being written as one, so it is taken for both. */
function contactOf(contact: z.output<typeof body>["contact"]): Identity[] {
  if (typeof contact !== "string") return identitiesOf(contact);
  return identitiesOf({ phone: toE164(contact), userId: contact });
}

/** All vendors but those who want no more of it. */
async function willingVendors(sql: Sql, tenantId: string): Promise<Vendor[]> {
  const vendors = await vendorsOf(sql, tenantId, {});
  const optedOut = await optedOutAmong(
    sql,
    tenantId,
    vendors.map(({ phone }) => ({ kind: "phone", value: phone })),
  );
  return vendors.filter(({ phone }) => !optedOut.has(phone));
}

async function saveRanking(
  sql: Sql,
  tenantId: string,
  ranking: {
    rankingId: string;
    intentId: string;
    contact: z.output<typeof body>["contact"];
    name: string;
    slots: object;
    candidates: readonly Candidate[];
    nowMs: number;
  },
): Promise<void> {
  const { contact } = ranking;
  await sql.query(
    `insert into rankings (tenant_id, ranking_id, intent_id, contact, name, slots, candidates, created_at)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8)`,
    [
      tenantId,
      ranking.rankingId,
      ranking.intentId,
      typeof contact === "string"
        ? contact
        : (contact.phone ?? contact.userId ?? ""),
      ranking.name,
      JSON.stringify(ranking.slots),
      JSON.stringify(ranking.candidates),
      new Date(ranking.nowMs).toISOString(),
    ],
  );
}
