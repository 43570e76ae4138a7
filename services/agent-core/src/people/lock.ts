import type { Sql } from "../database/port.js";

/** Nobody else has the same lock until the transaction ends; what it is for is the callers' agreement. */
export async function lock(sql: Sql, what: readonly string[]): Promise<void> {
  await sql.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
    JSON.stringify(what),
  ]);
}
