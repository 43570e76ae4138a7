import { randomUUID } from "node:crypto";
import { z } from "zod";
import { callId } from "../calls/fields.js";
import { defineRoute, type Route, unused } from "../http/route.js";
import { ownsCall } from "../http/tenancy.js";
import { queueTarget, type TransferQueues } from "./queues.js";

/** A queue's name; a slash would reach into another tenant's. */
export const queueName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "must be 1 to 63 letters, digits, dots, hyphens or underscores",
  );

/** Handing calls over to people. */
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
    summary: "The number of a queue of people, for a call that is to go there",
    effect: "write",
    params: unused,
    query: unused,
    body: z.strictObject({ callId, queue: queueName }),
    answer: z.object({ queue: z.string(), to: z.string() }),
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
      return { queue: body.queue, to };
    },
  });
  return [warmTransfer];
}
