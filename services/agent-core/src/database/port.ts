import { z } from "zod";

/** What a query may be given. Times are ISO 8601 texts, so that both drivers read them alike. */
export type SqlValue = string | number | boolean | null | readonly string[];

/** A place to send SQL to: a connection, or a transaction on one. */
export interface Sql {
  /** One statement, with `$1`-style parameters. The rows are what the driver makes of them: parse them. */
  query(
    text: string,
    values?: readonly SqlValue[],
  ): Promise<{ rows: readonly unknown[]; affectedRows: number }>;
  /** Any number of statements, without parameters. */
  script(text: string): Promise<void>;
}

export interface TransactionOptions {
  /** As if transactions ran one after another; what cannot be had so is tried again. Read committed otherwise. */
  readonly serializable?: boolean;
  /** What it is likely to be in others' way for: those of one name that have to be tried again do so one at a time. */
  readonly contention?: string;
}

/** A Postgres, embedded or real. */
export interface Database extends Sql {
  /** Connects, or opens the embedded one; may be called again after it failed. */
  open(): Promise<void>;
  /**
   * All or nothing. The work may run more than once: it is tried again when Postgres ended the transaction over a
   * deadlock or a serialization failure, so it must have no effect outside of it.
   */
  transaction<T>(
    work: (sql: Sql) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  /** Rejects while the database does not answer. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A `bigint` column that JavaScript's numbers hold exactly; the drivers give it as a text, a number or a BigInt. */
export const integerColumn = z
  .union([z.string().regex(/^-?\d+$/), z.number(), z.bigint()])
  .transform(Number)
  .pipe(z.int());

/** The rows of a query, parsed. */
export async function select<T>(
  sql: Sql,
  row: z.ZodType<T>,
  text: string,
  values?: readonly SqlValue[],
): Promise<T[]> {
  const { rows } = await sql.query(text, values);
  return rows.map((found) => row.parse(found));
}

/** The first row of a query, parsed; undefined when there is none. */
export async function selectFirst<T>(
  sql: Sql,
  row: z.ZodType<T>,
  text: string,
  values?: readonly SqlValue[],
): Promise<T | undefined> {
  const [first] = await select(sql, row, text, values);
  return first;
}
