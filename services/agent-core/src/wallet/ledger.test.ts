import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { migrate } from "../database/migrate.js";
import type { Database, Sql } from "../database/port.js";
import { databases, testDatabase } from "../testing/databases.js";

// What the database itself refuses, whoever writes to it.
describe.each(databases)("the ledger's tables on %s", (_name, url) => {
  let database: Database;
  beforeAll(async () => {
    database = await testDatabase(await url());
    await database.open();
    await migrate(database, { nowMs: Date.now() });
    await database.query(
      `insert into accounts (tenant_id, account_id, currency, opened_at)
       values ('t', 'external', 'RWF', now()), ('t', 'a', 'RWF', now()), ('t', 'b', 'RWF', now()), ('t', 'e', 'EUR', now())`,
    );
    await database.transaction((sql) =>
      written(sql, [
        ["external", -100],
        ["a", 100],
      ]),
    );
  });
  afterAll(() => database.close());

  /** A transaction in the database of a transaction in the ledger, of these entries. */
  async function written(
    sql: Sql,
    entries: readonly [account: string, amount: number, currency?: string][],
  ): Promise<string> {
    const id = randomUUID();
    await sql.query(
      "insert into transactions (tenant_id, transaction_id, kind, currency, created_at) values ('t', $1, 'transfer', 'RWF', now())",
      [id],
    );
    for (const [accountId, amount, currency = "RWF"] of entries)
      await sql.query(
        "insert into entries (tenant_id, transaction_id, account_id, currency, amount) values ('t', $1, $2, $3, $4)",
        [id, accountId, currency, amount],
      );
    return id;
  }

  const refused = (work: (sql: Sql) => Promise<unknown>): Promise<unknown> =>
    database.transaction(work).then(
      () => "kept",
      (error: unknown) =>
        Error.isError(error) && "constraint" in error
          ? error.constraint
          : error,
    );

  test.each<[string, [string, number, string?][]]>([
    ["has no entries", []],
    ["has one entry", [["a", -5]]],
    [
      "has entries that come to something",
      [
        ["a", -5],
        ["b", 4],
      ],
    ],
    [
      "has entries that come to something, three of them",
      [
        ["a", -5],
        ["b", 4],
        ["external", 2],
      ],
    ],
  ])("keep no transaction that %s", async (_what, entries) => {
    expect(await refused((sql) => written(sql, entries))).toBe(
      "transactions_balance",
    );
  });

  test("keep no entry that is added to a transaction later", async () => {
    const id = await database.transaction((sql) =>
      written(sql, [
        ["a", -1],
        ["b", 1],
      ]),
    );
    const { length } = (await database.query("select 1 from entries")).rows;
    expect(
      await refused((sql) =>
        sql.query(
          "insert into entries (tenant_id, transaction_id, account_id, currency, amount) values ('t', $1, 'b', 'RWF', 7)",
          [id],
        ),
      ),
    ).toBe("transactions_balance");
    const after = (await database.query("select 1 from entries")).rows;
    expect(after).toHaveLength(length);
  });

  test("let no account but the world's go below zero", async () => {
    expect(
      await refused((sql) =>
        written(sql, [
          ["b", -50],
          ["a", 50],
        ]),
      ),
    ).toBe("accounts_limit");
    expect(
      await refused((sql) =>
        written(sql, [
          ["external", -50],
          ["a", 50],
        ]),
      ),
    ).toBe("kept");
  });

  test("let no account go below what is reserved of it", async () => {
    const hold = (sql: Sql, amount: number) =>
      sql.query(
        `insert into reservations (tenant_id, reservation_id, account_id, intent_id, amount, currency, status, expires_at, created_at)
         values ('t', $1, 'a', 'i', $2, 'RWF', 'active', now(), now())`,
        [randomUUID(), amount],
      );
    expect(await refused((sql) => hold(sql, 120))).toBe("kept");
    expect(await refused((sql) => hold(sql, 100))).toBe("accounts_limit");
    expect(
      await refused((sql) =>
        written(sql, [
          ["a", -100],
          ["b", 100],
        ]),
      ),
    ).toBe("accounts_limit");
    await database.query("update reservations set status = 'released'");
    expect(
      await refused((sql) =>
        written(sql, [
          ["a", -100],
          ["b", 100],
        ]),
      ),
    ).toBe("kept");
  });

  test("mix no currencies", async () => {
    expect(
      await refused((sql) =>
        written(sql, [
          ["a", -1],
          ["e", 1],
        ]),
      ),
    ).toBe("entries_account");
    expect(
      await refused((sql) =>
        written(sql, [
          ["a", -1],
          ["e", 1, "EUR"],
        ]),
      ),
    ).toContain("fkey");
    expect(
      await refused((sql) =>
        sql.query(
          "insert into accounts (tenant_id, account_id, currency, opened_at) values ('t', 'a', 'EUR', now())",
        ),
      ),
    ).toBe("accounts_of_one_currency");
  });

  test.each([
    ["an entry", "update entries set amount = amount + 1"],
    ["the entries", "delete from entries"],
    ["all entries", "truncate entries"],
    ["a transaction", "update transactions set memo = 'x'"],
    ["the transactions", "delete from transactions"],
    ["all transactions", "truncate transactions cascade"],
  ])("let nobody change %s", async (_what, statement) => {
    expect(await refused((sql) => sql.query(statement))).toBe(
      "ledger_is_append_only",
    );
  });

  test.each([
    "update accounts set balance = balance + 1",
    "update accounts set reserved = reserved + 1",
    "update accounts set entry_count = 0",
    "insert into accounts (tenant_id, account_id, currency, balance, opened_at) values ('t', 'rich', 'RWF', 1000, now())",
  ])("take a balance from entries alone: %s", async (statement) => {
    const sums =
      "select account_id, balance, reserved, entry_count from accounts order by 1, 2";
    const before = await database.query(sums);
    expect(await refused((sql) => sql.query(statement))).toBe("accounts_sums");
    expect((await database.query(sums)).rows).toEqual(before.rows);
  });
});
