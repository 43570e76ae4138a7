import { randomUUID } from "node:crypto";
import { z } from "zod";
import { select, selectFirst, type Sql } from "../database/port.js";

export const handoverChannels = ["voice", "sip", "whatsapp"] as const;

/** A handover as answers show it. */
export const handoverShape = z
  .object({
    handoverId: z.uuid(),
    /** Who answers the person now. */
    status: z.enum(["with_human", "handed_back", "timed_out"]),
    callId: z.string(),
    channel: z.enum(handoverChannels),
    queue: z.string(),
    to: z.string(),
    phone: z.string().nullable(),
    userId: z.string().nullable(),
    name: z.string().nullable(),
    reason: z.string().nullable(),
    summary: z.string().nullable(),
    notes: z.string().nullable(),
    createdAt: z.iso.datetime(),
    until: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Handover" });

export type Handover = z.output<typeof handoverShape>;

const columns =
  "handover_id, call_id, channel, queue, target, phone, user_id, name, reason, summary, notes, created_at, until, ended_at";

const handoverRow = z.object({
  handover_id: z.string(),
  call_id: z.string(),
  channel: z.enum(handoverChannels),
  queue: z.string(),
  target: z.string(),
  phone: z.string().nullable(),
  user_id: z.string().nullable(),
  name: z.string().nullable(),
  reason: z.string().nullable(),
  summary: z.string().nullable(),
  notes: z.string().nullable(),
  created_at: z.date(),
  until: z.date(),
  ended_at: z.date().nullable(),
});

/** What a conversation is handed over with. */
export interface NewHandover {
  readonly callId: string;
  readonly channel: (typeof handoverChannels)[number];
  readonly queue: string;
  readonly to: string;
  readonly phone: string | undefined;
  readonly userId: string | undefined;
  readonly name: string | undefined;
  readonly reason: string | undefined;
  readonly summary: string | undefined;
  readonly untilMs: number;
}

/** Records that people have the conversation now; resolves with the handover's id. */
export async function openHandover(
  sql: Sql,
  tenantId: string,
  handover: NewHandover,
  nowMs: number,
): Promise<string> {
  const handoverId = randomUUID();
  await sql.query(
    `insert into handovers (tenant_id, handover_id, call_id, channel, queue, target, phone, user_id, name, reason, summary, created_at, until)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      tenantId,
      handoverId,
      handover.callId,
      handover.channel,
      handover.queue,
      handover.to,
      handover.phone ?? null,
      handover.userId ?? null,
      handover.name ?? null,
      handover.reason ?? null,
      handover.summary ?? null,
      new Date(nowMs).toISOString(),
      new Date(handover.untilMs).toISOString(),
    ],
  );
  return handoverId;
}

export async function findHandover(
  sql: Sql,
  tenantId: string,
  handoverId: string,
  nowMs: number,
): Promise<Handover | undefined> {
  const row = await selectFirst(
    sql,
    handoverRow,
    `select ${columns} from handovers where tenant_id = $1 and handover_id = $2`,
    [tenantId, handoverId],
  );
  return row === undefined ? undefined : shown(row, nowMs);
}

/** Those that people have now, newest first. */
export async function openHandovers(
  sql: Sql,
  tenantId: string,
  limit: number,
  nowMs: number,
): Promise<Handover[]> {
  const rows = await select(
    sql,
    handoverRow,
    `select ${columns} from handovers where tenant_id = $1 and ended_at is null and until > $2
     order by created_at desc, handover_id desc limit $3`,
    [tenantId, new Date(nowMs).toISOString(), limit],
  );
  return rows.map((row) => shown(row, nowMs));
}

/** Gives the conversation back to the agent; the first word counts. */
export async function handBack(
  sql: Sql,
  tenantId: string,
  { handoverId, notes }: { handoverId: string; notes: string | undefined },
  nowMs: number,
): Promise<Handover | undefined> {
  await sql.query(
    `update handovers set ended_at = $3, notes = $4
     where tenant_id = $1 and handover_id = $2 and ended_at is null`,
    [tenantId, handoverId, new Date(nowMs).toISOString(), notes ?? null],
  );
  return findHandover(sql, tenantId, handoverId, nowMs);
}

function shown(row: z.output<typeof handoverRow>, nowMs: number): Handover {
  const { ended_at: endedAt, until } = row;
  const running = until.getTime() > nowMs ? "with_human" : "timed_out";
  return {
    handoverId: row.handover_id,
    status: endedAt === null ? running : "handed_back",
    callId: row.call_id,
    channel: row.channel,
    queue: row.queue,
    to: row.target,
    phone: row.phone,
    userId: row.user_id,
    name: row.name,
    reason: row.reason,
    summary: row.summary,
    notes: row.notes,
    createdAt: row.created_at.toISOString(),
    until: until.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
