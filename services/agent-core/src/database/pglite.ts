import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { DatabaseUnavailableError } from "./errors.js";
import { type FolderLock, lockFolder } from "./folder-lock.js";
import type { Database, Sql, SqlValue, TransactionOptions } from "./port.js";

/** Postgres inside this process. One connection: its transactions run one after another. */
export class EmbeddedDatabase implements Database {
  readonly #directory: string | undefined;
  readonly #contents: Blob | undefined;
  #lock: FolderLock | undefined;
  #opened: PGlite | undefined;

  /**
   * @param directory where the data is kept; undefined keeps it in memory.
   * @param contents what a new one begins with: the dump of another one's data folder. One that is there keeps its own
   */
  constructor(directory: string | undefined, contents?: Blob) {
    this.#contents = contents;
    this.#directory = directory === undefined ? undefined : resolve(directory);
  }

  async open(): Promise<void> {
    if (this.#directory !== undefined) {
      await mkdir(dirname(this.#directory), { recursive: true });
      this.#lock ??= await lockFolder(this.#directory);
    }
    this.#opened ??= await PGlite.create({
      dataDir: this.#directory ?? "memory://",
      ...(this.#contents === undefined || this.#isThere
        ? {}
        : { loadDataDir: this.#contents }),
    });
  }

  /** As Postgres itself tells a data folder by. */
  get #isThere(): boolean {
    return (
      this.#directory !== undefined &&
      existsSync(join(this.#directory, "PG_VERSION"))
    );
  }

  query(text: string, values: readonly SqlValue[] = []) {
    return queryOn(this.#pglite, text, values);
  }

  async script(text: string): Promise<void> {
    await this.#pglite.exec(text);
  }

  transaction<T>(
    work: (sql: Sql) => Promise<T>,
    { serializable = false }: TransactionOptions = {},
  ): Promise<T> {
    return this.#pglite.transaction(async (transaction) => {
      if (serializable)
        await transaction.exec("set transaction isolation level serializable");
      return work({
        query: (text, values = []) => queryOn(transaction, text, values),
        script: async (text) => {
          await transaction.exec(text);
        },
      });
    });
  }

  /** Everything in it, for another one to begin with. */
  async dump(compression: "none" | "gzip" = "none"): Promise<Blob> {
    return this.#pglite.dumpDataDir(compression);
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
