import type { Clock, Logger } from "@easymo/service-kit";
import pg from "pg";
import { isTransient } from "./errors.js";
import type { Database, Sql, SqlValue, TransactionOptions } from "./port.js";

const maxConnections = 10;
const connectTimeoutMs = 2_000;
const statementTimeoutMs = 10_000;
const maxAttempts = 12;
const maxRetryDelayMs = 500;
const queueTimeoutMs = 5_000;

interface PostgresDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** From 0 to 1, for the jitter between attempts. */
  readonly random: () => number;
}

/** A connection that is made soon or not at all; the pool's own limit is for waiting until one of them is free. */
class Connection extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super({ ...config, connectionTimeoutMillis: connectTimeoutMs });
  }
}

/** A Postgres server, through a pool of connections. */
export class PostgresDatabase implements Database {
  readonly #pool: pg.Pool;
  readonly #deps: PostgresDeps;

  constructor(url: string, deps: PostgresDeps) {
    this.#deps = deps;
    this.#pool = new pg.Pool({
      connectionString: url,
      Client: Connection,
      max: maxConnections,
      connectionTimeoutMillis: queueTimeoutMs,
      statement_timeout: statementTimeoutMs,
      application_name: "agent-core",
    });
    // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
    this.#pool.on("error", (error) =>
      deps.logger.warn({ err: error }, "idle database connection broke off"),
    );
  }

  async open(): Promise<void> {
    await this.check();
  }

  query(text: string, values: readonly SqlValue[] = []) {
    return queryOn(this.#pool, text, values);
  }

  async script(text: string): Promise<void> {
    await this.#pool.query(text);
  }

  async transaction<T>(
    work: (sql: Sql) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transactionOnce(work, {
          serializable: options.serializable ?? false,
          queue: attempt === 1 ? undefined : options.contention,
        });
      } catch (error) {
        if (!isTransient(error) || attempt >= maxAttempts) throw error;
        const ceilingMs = Math.min(10 * 2 ** attempt, maxRetryDelayMs);
        await this.#pause(this.#deps.random() * ceilingMs);
      }
    }
  }

  async check(): Promise<void> {
    await this.#pool.query("select 1");
  }

  async close(): Promise<void> {
    if (!this.#pool.ended) await this.#pool.end();
  }

  async #transactionOnce<T>(
    work: (sql: Sql) => Promise<T>,
    {
      serializable,
      queue,
    }: { serializable: boolean; queue?: string | undefined },
  ): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on("error", onError);
    try {
      if (queue !== undefined) await enterQueue(client, queue);
      await client.query(
        serializable ? "begin isolation level serializable" : "begin",
      );
      const result = await work({
        query: (text, values = []) => queryOn(client, text, values),
        script: async (text) => {
          await client.query(text);
        },
      });
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch((failure: unknown) => {
        broken ??= failure instanceof Error ? failure : new Error("rollback");
      });
      throw error;
    } finally {
      if (queue !== undefined && broken === undefined)
        await leaveQueue(client, queue).catch((failure: unknown) => {
          broken = failure instanceof Error ? failure : new Error("unlock");
        });
      client.off("error", onError);
      // A connection in an unknown state is not given to anyone else.
      client.release(broken);
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.setTimeout(resolve, delayMs);
    });
  }
}

/**
 * Waits for its turn, before the transaction has its view of the data: a lock that was waited for inside it would come with
 * a view from before the wait, which cannot be serialized again.
 */
async function enterQueue(client: pg.PoolClient, queue: string): Promise<void> {
  await client.query("begin");
  await client.query(`set local lock_timeout = ${queueTimeoutMs}`);
  await client.query("select pg_advisory_lock(hashtextextended($1, 1))", [
    queue,
  ]);
  await client.query("commit");
}

async function leaveQueue(client: pg.PoolClient, queue: string): Promise<void> {
  await client.query("select pg_advisory_unlock(hashtextextended($1, 1))", [
    queue,
  ]);
}

async function queryOn(
  target: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly SqlValue[],
) {
  const result = await target.query<Record<string, unknown>>(text, [...values]);
  return { rows: result.rows, affectedRows: result.rowCount ?? 0 };
}
