import type {
  Database,
  Sql,
  SqlValue,
  TransactionOptions,
} from "../database/port.js";

/**
 * What befalls a transaction: `crash` ends it before it is kept, `lost` after it was kept but before anybody hears so,
 * `conflict` undoes it and has the driver try again, as Postgres does with what it cannot serialize.
 */
export type Fault = "none" | "crash" | "lost" | "conflict";

/** A real database to which things happen, one fault per transaction, in order. */
export class FaultyDatabase implements Database {
  readonly faults: Fault[] = [];
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async transaction<T>(
    work: (sql: Sql) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const fault = this.faults.shift() ?? "none";
    if (fault === "crash") return this.#undone(work, options);
    if (fault === "conflict") await this.#undone(work, options).catch(expected);
    const answer = await this.#database.transaction(work, options);
    if (fault === "lost") throw new BrokenConnection();
    return answer;
  }

  open(): Promise<void> {
    return this.#database.open();
  }

  query(text: string, values?: readonly SqlValue[]) {
    return this.#database.query(text, values);
  }

  script(text: string): Promise<void> {
    return this.#database.script(text);
  }

  check(): Promise<void> {
    return this.#database.check();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #undone<T>(
    work: (sql: Sql) => Promise<T>,
    options: TransactionOptions | undefined,
  ): Promise<T> {
    return this.#database.transaction(async (sql) => {
      await work(sql);
      throw new BrokenConnection();
    }, options);
  }
}

class BrokenConnection extends Error {
  readonly code = "ECONNRESET";
}

/** The work's own refusal is told again by the attempt that counts. */
function expected(error: unknown): void {
  if (!Error.isError(error)) throw error;
}
