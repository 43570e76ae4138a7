import { randomUUID } from "node:crypto";
import { z } from "zod";
import { selectFirst, type Sql } from "../database/port.js";
import {
  conversationJson,
  intentJson,
  purchaseJson,
  receivedRankingJson,
} from "./records.js";

const maxRecords = 50;

// Each is one row as JSON; the four are also what a context is made of.
const intentAsJson = `json_build_object('intent_id', intents.intent_id, 'channel', channel, 'name', name,
  'slots', slots, 'expires_at', expires_at, 'created_at', intents.created_at, 'purchased', exists (
    select 1 from purchases where purchases.tenant_id = intents.tenant_id
      and purchases.intent_id = intents.intent_id and purchases.buyer_id = intents.buyer_id))`;
const rankingAsJson = `json_build_object('ranking_id', ranking_id, 'intent_id', intent_id, 'candidates', candidates,
  'received_at', received_at)`;
const purchaseAsJson = `json_build_object('purchase_id', purchase_id, 'buyer_id', buyer_id, 'intent_id', purchases.intent_id,
  'vendor_id', vendor_id, 'amount', purchases.amount, 'currency', purchases.currency, 'reservation_id', purchases.reservation_id,
  'created_at', purchases.created_at, 'paid_at', (
    select closed_at from reservations
    where reservations.reservation_id = purchases.reservation_id and status = 'captured'))`;
const conversationAsJson = `json_build_object('summary', summary, 'conversation_id', conversation_id, 'language', language,
  'channels', channels, 'last_channel', last_channel, 'last_event_id', last_event_id, 'turns', turns, 'at', at)`;

const intentRow = z.object({ one: intentJson, buyer_id: z.string() });
const purchaseRow = z.object({ one: purchaseJson });
const conversationRow = z.object({ one: conversationJson });
const contextRow = z.object({
  intents: z.array(intentJson),
  rankings: z.array(receivedRankingJson),
  purchases: z.array(purchaseJson),
  conversation: conversationJson.nullable(),
});

/** What a buyer was last heard to want. */
export interface NewIntent {
  readonly intentId: string;
  readonly channel: string;
  readonly name: string;
  readonly slots: object;
  readonly expiresAtMs: number | undefined;
}

/** Keeps an intent, new or said again; undefined when it is another buyer's. */
export async function saveIntent(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  intent: NewIntent,
  nowMs: number,
): Promise<z.output<typeof intentJson> | undefined> {
  const { expiresAtMs } = intent;
  const saved = await selectFirst(
    sql,
    intentRow,
    `insert into intents (tenant_id, intent_id, buyer_id, channel, name, slots, expires_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $8)
     on conflict (tenant_id, intent_id) do update set
       channel = excluded.channel, name = excluded.name, slots = excluded.slots, expires_at = excluded.expires_at,
       updated_at = excluded.updated_at
     where intents.buyer_id = excluded.buyer_id
     returning buyer_id, ${intentAsJson} as one`,
    [
      tenantId,
      intent.intentId,
      buyerId,
      intent.channel,
      intent.name,
      JSON.stringify(intent.slots),
      expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
      new Date(nowMs).toISOString(),
    ],
  );
  return saved?.one;
}

/** Keeps a ranking that was made for a buyer; the first word about it stays. */
export async function saveReceivedRanking(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  ranking: { rankingId: string; intentId: string; candidates: object },
  nowMs: number,
): Promise<void> {
  await sql.query(
    `insert into received_rankings (tenant_id, buyer_id, ranking_id, intent_id, candidates, received_at)
     values ($1, $2, $3, $4, $5::jsonb, $6) on conflict (buyer_id, ranking_id) do nothing`,
    [
      tenantId,
      buyerId,
      ranking.rankingId,
      ranking.intentId,
      JSON.stringify(ranking.candidates),
      new Date(nowMs).toISOString(),
    ],
  );
}

/** Whether a ranking that the buyer received has the vendor. */
export async function wasOffered(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  vendorId: string,
): Promise<boolean> {
  const { rows } = await sql.query(
    `select 1 from received_rankings
     where tenant_id = $1 and buyer_id = $2 and candidates @> $3::jsonb limit 1`,
    [tenantId, buyerId, JSON.stringify([{ vendorId }])],
  );
  return rows.length > 0;
}

/** Keeps a purchase; undefined when another one has the reservation. */
export async function savePurchase(
  sql: Sql,
  tenantId: string,
  purchase: {
    buyerId: string;
    intentId: string;
    vendorId: string;
    amount: number;
    currency: string;
    reservationId: string | undefined;
  },
  nowMs: number,
): Promise<z.output<typeof purchaseJson> | undefined> {
  const saved = await selectFirst(
    sql,
    purchaseRow,
    `insert into purchases (tenant_id, purchase_id, buyer_id, intent_id, vendor_id, amount, currency, reservation_id, created_at)
     values ($1, $2, $3, $4, $5, $6::bigint, $7, $8, $9) on conflict (reservation_id) do nothing
     returning ${purchaseAsJson} as one`,
    [
      tenantId,
      randomUUID(),
      purchase.buyerId,
      purchase.intentId,
      purchase.vendorId,
      purchase.amount,
      purchase.currency,
      purchase.reservationId ?? null,
      new Date(nowMs).toISOString(),
    ],
  );
  return saved?.one;
}

/** What a conversation came to at a moment. */
export interface NewConversation {
  readonly summary: string;
  readonly conversationId: string | undefined;
  readonly language: string | undefined;
  readonly channels: readonly string[] | undefined;
  readonly lastChannel: string | undefined;
  readonly lastEventId: string | undefined;
  readonly turns: number | undefined;
  readonly atMs: number;
}

/** Keeps what a conversation came to, unless what is kept is newer; tells what is kept then. */
export async function saveConversation(
  sql: Sql,
  tenantId: string,
  buyerId: string,
  told: NewConversation,
): Promise<z.output<typeof conversationJson>> {
  await sql.query(
    `insert into conversations
       (tenant_id, buyer_id, summary, conversation_id, language, channels, last_channel, last_event_id, turns, at)
     values ($1, $2, $3, $4, $5, $6::text[], $7, $8, $9, $10)
     on conflict (buyer_id) do update set
       summary = excluded.summary, conversation_id = excluded.conversation_id, language = excluded.language,
       channels = excluded.channels, last_channel = excluded.last_channel, last_event_id = excluded.last_event_id,
       turns = excluded.turns, at = excluded.at
     where conversations.at <= excluded.at`,
    [
      tenantId,
      buyerId,
      told.summary,
      told.conversationId ?? null,
      told.language ?? null,
      told.channels ?? [],
      told.lastChannel ?? null,
      told.lastEventId ?? null,
      told.turns ?? null,
      new Date(told.atMs).toISOString(),
    ],
  );
  const kept = await selectFirst(
    sql,
    conversationRow,
    `select ${conversationAsJson} as one from conversations where tenant_id = $1 and buyer_id = $2`,
    [tenantId, buyerId],
  );
  if (kept === undefined) throw new Error("the conversation was not written");
  return kept.one;
}

/** All of it, as it was at one moment; lists are newest first, and the newest 50. */
export async function contextOf(
  sql: Sql,
  tenantId: string,
  buyerId: string,
): Promise<z.output<typeof contextRow>> {
  const newest = (table: string, json: string, at: string): string =>
    `(select coalesce(json_agg(one), '[]') from (
       select ${json} as one from ${table} where tenant_id = $1 and buyer_id = $2
       order by ${table}.${at} desc limit ${maxRecords}) newest)`;
  const context = await selectFirst(
    sql,
    contextRow,
    `select ${newest("intents", intentAsJson, "created_at")} as intents,
       ${newest("received_rankings", rankingAsJson, "received_at")} as rankings,
       ${newest("purchases", purchaseAsJson, "created_at")} as purchases,
       (select ${conversationAsJson} from conversations where tenant_id = $1 and buyer_id = $2) as conversation`,
    [tenantId, buyerId],
  );
  if (context === undefined) throw new Error("the context was not read");
  return context;
}
