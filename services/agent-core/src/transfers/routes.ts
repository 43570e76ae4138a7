import { randomUUID } from "node:crypto";
import { z } from "zod";
import { callId } from "../calls/fields.js";
import { pageLimit } from "../http/page.js";
import { refusal } from "../http/problems.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { ownsCall, ownsHandover } from "../http/tenancy.js";
import { optional, personFields, text } from "../people/fields.js";
import { moment } from "../wallet/fields.js";
import {
  findHandover,
  handBack,
  handoverChannels,
  handoverShape,
  openHandover,
  openHandovers,
} from "./handovers.js";
import { queueTarget, type TransferQueues } from "./queues.js";

/** A queue's name; a slash would reach into another tenant's. */
export const queueName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "must be 1 to 63 letters, digits, dots, hyphens or underscores",
  );

const handoverParams = z.object({ handoverId: z.uuid() });
const defaultPage = 50;

const readHandover = defineRoute({
  method: "get",
  path: "/tools/handovers/{handoverId}",
  operationId: "handover",
  tag: "transfers",
  summary: "One conversation that people took over",
  effect: "read",
  params: handoverParams,
  query: unused,
  body: unused,
  answer: z.object({ handover: handoverShape }),
  problems: ["wrong_tenant", "unknown_handover"],
  async handle({ params: { handoverId } }, { sql, tenantId, nowMs }) {
    await ownsHandover(sql, tenantId, handoverId);
    const handover = await findHandover(sql, tenantId, handoverId, nowMs);
    if (handover === undefined) throw unknownHandover();
    return { handover };
  },
});

const listHandovers = defineRoute({
  method: "get",
  path: "/tools/handovers",
  operationId: "handovers",
  tag: "transfers",
  summary: "Conversations that people have now, newest first",
  effect: "read",
  params: unused,
  query: z.strictObject({ limit: optional(pageLimit) }),
  body: unused,
  answer: z.object({ handovers: z.array(handoverShape) }),
  problems: [],
  async handle({ query: { limit } }, { sql, tenantId, nowMs }) {
    const count = limit ?? defaultPage;
    return { handovers: await openHandovers(sql, tenantId, count, nowMs) };
  },
});

const handBackRoute = defineRoute({
  method: "post",
  path: "/tools/handovers/{handoverId}/hand-back",
  operationId: "handBack",
  tag: "transfers",
  summary: "The agent answers again; `notes` tell it what was said meanwhile",
  effect: "write",
  params: handoverParams,
  query: unused,
  body: optional(z.object({ notes: optional(text(4_000)) })),
  answer: z.object({ handover: handoverShape }),
  problems: ["wrong_tenant", "unknown_handover"],
  async handle({ params: { handoverId }, body }, { sql, tenantId, nowMs }) {
    await ownsHandover(sql, tenantId, handoverId);
    const back = { handoverId, notes: body?.notes };
    const handover = await handBack(sql, tenantId, back, nowMs);
    if (handover === undefined) throw unknownHandover();
    return { handover };
  },
});

function unknownHandover() {
  return refusal("unknown_handover", "No handover has this handoverId", {
    field: "handoverId",
  });
}

/** Handing calls and conversations over to people, and back. */
export function transferRoutes({
  queues,
}: {
  queues: TransferQueues;
}): Route[] {
  const warmTransfer = defineRoute({
    method: "post",
    path: "/tools/warm-transfer",
    operationId: "warmTransfer",
    tag: "transfers",
    summary:
      "The number of a queue of people, for a call that is to go there or a conversation that they take over",
    effect: "write",
    params: unused,
    query: unused,
    body: z.object({
      callId,
      queue: queueName,
      ...personFields,
      channel: optional(z.enum(handoverChannels)),
      name: optional(text(200)),
      reason: optional(text(1_000)),
      summary: optional(text(8_000)),
      until: optional(moment).meta({
        description:
          "People have the conversation until then, unless they hand it back; the answer has the handoverId",
      }),
    }),
    answer: z.object({
      queue: z.string(),
      to: z.string(),
      handoverId: z.uuid().optional(),
    }),
    problems: ["wrong_tenant"],
    async handle({ body }, { sql, tenantId, nowMs }) {
      // A caller who waits is handed over even if recording the call has failed, so an unknown call is no obstacle.
      await ownsCall(sql, tenantId, body.callId);
      const to = queueTarget(queues, tenantId, body.queue);
      await sql.query(
        "insert into transfers (tenant_id, transfer_id, call_id, queue, target, created_at) values ($1, $2, $3, $4, $5, $6)",
        [
          tenantId,
          randomUUID(),
          body.callId,
          body.queue,
          to,
          new Date(nowMs).toISOString(),
        ],
      );
      const { until: untilMs, channel = "voice", ...told } = body;
      if (untilMs === undefined) return { queue: body.queue, to };
      const handover = { ...told, channel, to, untilMs };
      const handoverId = await openHandover(sql, tenantId, handover, nowMs);
      return { queue: body.queue, to, handoverId };
    },
  });
  return [warmTransfer, listHandovers, readHandover, handBackRoute];
}
