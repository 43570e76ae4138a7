import { expect, test } from "@jest/globals";
import { z } from "zod";
import { postgresUrl } from "@easymo/testbed";
import type {
  Database,
  Sql,
  SqlValue,
  TransactionOptions,
} from "../database/port.js";
import { newTenant, startAgentCore } from "../testing/running.js";

/** A real database on which each piece of work is at first not serializable, after all of it was done. */
class ContendedDatabase implements Database {
  runs = 0;
  conflicts = 0;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  transaction<T>(
    work: (sql: Sql) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    let conflictsLeft = this.conflicts;
    return this.#database.transaction(async (sql) => {
      this.runs += 1;
      const answer = await work(sql);
      if (conflictsLeft === 0) return answer;
      conflictsLeft -= 1;
      throw Object.assign(new Error("could not serialize access"), {
        code: "40001",
      });
    }, options);
  }

  open = (): Promise<void> => this.#database.open();
  query = (text: string, values?: readonly SqlValue[]) =>
    this.#database.query(text, values);
  script = (text: string): Promise<void> => this.#database.script(text);
  check = (): Promise<void> => this.#database.check();
  close = (): Promise<void> => this.#database.close();
}

test("what is to be done after a commit is done once, however often the work was tried", async () => {
  let database: ContendedDatabase | undefined;
  const core = await startAgentCore({
    databaseUrl: await postgresUrl(),
    around: (real) => (database = new ContendedDatabase(real)),
  });
  try {
    if (database === undefined) throw new Error("no database");
    const registered = async (): Promise<unknown> => {
      const metric = core.metrics.registry.getSingleMetric(
        "easymo_opt_outs_total",
      );
      const { values } = z
        .object({
          values: z.array(
            z.object({
              labels: z.object({ channel: z.string() }),
              value: z.number(),
            }),
          ),
        })
        .parse(await metric?.get());
      return values.find(({ labels }) => labels.channel === "voice")?.value;
    };
    const tenant = newTenant();
    const said = { phone: "+250788123456", channel: "voice" };
    database.conflicts = 3;
    database.runs = 0;
    const answer = await core.tool(tenant, "register-opt-out", said, "k");
    expect(answer.status).toBe(200);
    expect(database.runs).toBe(4);
    expect(await registered()).toBe(1);
    const { rows } = await core.database.query(
      "select channel from opt_outs where tenant_id = $1",
      [tenant],
    );
    expect(rows).toHaveLength(1);

    const again = await core.tool(tenant, "register-opt-out", said, "k");
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await registered()).toBe(1);

    // More often than it is tried: nothing is done, and nothing is done after it.
    database.conflicts = 1_000;
    const refused = await core.tool(tenant, "register-opt-out", {
      phone: "+250788123457",
      channel: "voice",
    });
    expect(refused).toMatchObject({ status: 503, body: { code: "busy" } });
    expect(await registered()).toBe(1);
  } finally {
    await core.close();
  }
});
