import { createHash } from "node:crypto";
import { z } from "zod";
import { isLockTimeout } from "../database/errors.js";
import { selectFirst, type Sql } from "../database/port.js";
import { invalidField, refusal } from "./problems.js";

const keptMs = 7 * 24 * 60 * 60 * 1_000;
const retryAfterSeconds = 1;

/** One intention of a client: the same key on the same route by the same tenant. */
export interface IdempotencyKey {
  readonly tenantId: string;
  readonly route: string;
  readonly key: string;
  /** Of what was asked, so that another request under the same key is found out. */
  readonly fingerprint: string;
}

/** An answer, and whether it had been given before. */
export interface Outcome {
  readonly answer: string;
  readonly replayed: boolean;
}

/**
 * Does the work once per key, in the transaction that it is given: the key, the answer and the work's own effects become
 * visible together or not at all. Work that fails leaves nothing, so the same key may be tried again.
 *
 * A request that comes while the first is under way waits for it (Postgres makes the second insert of one primary key wait
 * for the first one's transaction), and is refused with 409 when `lock_timeout` passes first.
 */
export async function oncePerKey(
  sql: Sql,
  claim: IdempotencyKey,
  nowMs: number,
  work: () => Promise<string>,
): Promise<Outcome> {
  const earlier = await claimKey(sql, claim, nowMs);
  if (earlier !== undefined) return replay(earlier, claim);
  const answer = await work();
  await sql.query(
    "update idempotency_keys set answer = $4 where tenant_id = $1 and route = $2 and key = $3",
    [claim.tenantId, claim.route, claim.key, answer],
  );
  return { answer, replayed: false };
}

/** Forgets keys that are a week old: nobody tries again that late. */
export async function forgetOldKeys(sql: Sql, nowMs: number): Promise<number> {
  const { affectedRows } = await sql.query(
    "delete from idempotency_keys where created_at < $1",
    [new Date(nowMs - keptMs).toISOString()],
  );
  return affectedRows;
}

/** The header's value, checked; undefined when there is none. */
export function idempotencyKeyOf(
  header: string | undefined,
): string | undefined {
  if (header === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(header))
    throw invalidField(
      "Idempotency-Key",
      "must be 1 to 255 printable ASCII characters without spaces",
    );
  return header;
}

/** The same for requests that mean the same, whatever the order of their fields. Pure. */
export function fingerprintOf(input: unknown): string {
  return createHash("sha256").update(canonical(input)).digest("hex");
}

interface Earlier {
  fingerprint: string;
  answer: string | null;
}
const earlierRow = z.object({
  fingerprint: z.string(),
  answer: z.string().nullable(),
});

async function claimKey(
  sql: Sql,
  claim: IdempotencyKey,
  nowMs: number,
): Promise<Earlier | undefined> {
  const { tenantId, route, key, fingerprint } = claim;
  const inserted = await sql
    .query(
      `insert into idempotency_keys (tenant_id, route, key, fingerprint, created_at)
       values ($1, $2, $3, $4, $5) on conflict do nothing`,
      [tenantId, route, key, fingerprint, new Date(nowMs).toISOString()],
    )
    .catch((error: unknown) => {
      throw isLockTimeout(error) ? inFlight(error) : error;
    });
  if (inserted.affectedRows === 1) return undefined;
  return selectFirst(
    sql,
    earlierRow,
    "select fingerprint, answer from idempotency_keys where tenant_id = $1 and route = $2 and key = $3",
    [tenantId, route, key],
  );
}

function replay(earlier: Earlier, claim: IdempotencyKey): Outcome {
  if (earlier.fingerprint !== claim.fingerprint)
    throw refusal(
      "idempotency_mismatch",
      "Repeat the first request exactly, or take a new key",
      { field: "Idempotency-Key" },
    );
  // Only a transaction that has ended is seen by others, and it has set the answer.
  if (earlier.answer === null) throw inFlight();
  return { answer: earlier.answer, replayed: true };
}

function inFlight(cause?: unknown) {
  return refusal(
    "idempotency_in_flight",
    `Send the same request again in ${retryAfterSeconds} s`,
    { headers: { "retry-after": String(retryAfterSeconds) }, cause },
  );
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
      .join(",")}}`;
  return value === undefined ? "null" : JSON.stringify(value);
}
