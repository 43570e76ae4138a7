import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { DatabaseUnavailableError } from "./errors.js";
import { type FolderLock, lockFolder } from "./folder-lock.js";
import type { Database, Sql, SqlValue } from "./port.js";

/** Postgres inside this process. One connection: its transactions run one after another. */
export class EmbeddedDatabase implements Database {
  readonly #directory: string | undefined;
  #lock: FolderLock | undefined;
  #opened: PGlite | undefined;

  /** @param directory where the data is kept; undefined keeps it in memory. */
  constructor(directory: string | undefined) {
    this.#directory = directory === undefined ? undefined : resolve(directory);
  }

  async open(): Promise<void> {
    if (this.#directory !== undefined) {
      await mkdir(dirname(this.#directory), { recursive: true });
      this.#lock ??= await lockFolder(this.#directory);
    }
    this.#opened ??= await PGlite.create(this.#directory ?? "memory://");
  }

  query(text: string, values: readonly SqlValue[] = []) {
    return queryOn(this.#pglite, text, values);
  }

  async script(text: string): Promise<void> {
    await this.#pglite.exec(text);
  }

  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.#pglite.transaction((transaction) =>
      work({
        query: (text, values = []) => queryOn(transaction, text, values),
        script: async (text) => {
          await transaction.exec(text);
        },
      }),
    );
  }

  async check(): Promise<void> {
    await this.#pglite.query("select 1");
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened !== undefined && !opened.closed) await opened.close();
    await this.#lock?.release();
    this.#lock = undefined;
  }

  get #pglite(): PGlite {
    if (this.#opened === undefined)
      throw new DatabaseUnavailableError("the embedded database is not open");
    return this.#opened;
  }
}

async function queryOn(
  target: PGlite | Transaction,
  text: string,
  values: readonly SqlValue[],
) {
  const result = await target.query<unknown>(text, [...values]);
  return { rows: result.rows, affectedRows: result.affectedRows ?? 0 };
}
