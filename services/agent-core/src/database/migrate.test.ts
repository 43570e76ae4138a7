import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { postgresUrl } from "@easymo/testbed";
import { databases, testDatabase } from "../testing/databases.js";
import { migrate } from "./migrate.js";
import type { Database } from "./port.js";

const nowMs = Date.UTC(2026, 0, 1);
const own = [
  "001_tools_and_registry.sql",
  "002_wallet.sql",
  "003_buyers_and_vendors.sql",
  "004_last_channel.sql",
  "005_handovers.sql",
];
const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function opened(url: string): Promise<Database> {
  const database = await testDatabase(url, { blank: true });
  await database.open();
  cleanUps.push(() => database.close());
  return database;
}

async function folderOf(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "migrations-"));
  cleanUps.push(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, name), text);
  return directory;
}

describe.each(databases)("migrations on %s", (_name, databaseUrl) => {
  test("are applied once, and give every table of the service a tenant", async () => {
    const database = await opened(await databaseUrl());
    expect(await migrate(database, { nowMs })).toEqual(own);
    expect(await migrate(database, { nowMs })).toEqual([]);
    const { rows } = await database.query(
      "select version, name, applied_at from schema_migrations order by version",
    );
    expect(rows).toEqual(
      own.map((name, index) => ({
        version: index + 1,
        name,
        applied_at: new Date(nowMs),
      })),
    );
    const { rows: withoutTenant } = await database.query(
      `select t.table_name from information_schema.tables t
       where t.table_schema = 'public' and t.table_type = 'BASE TABLE' and t.table_name <> 'schema_migrations'
         and not exists (
           select 1 from information_schema.columns c
           where c.table_schema = 'public' and c.table_name = t.table_name
             and c.column_name = 'tenant_id' and c.is_nullable = 'NO')`,
    );
    expect(withoutTenant).toEqual([]);
  });

  test("are applied in order, only what is new, and all of it or nothing", async () => {
    const database = await opened(await databaseUrl());
    const one = { "001_one.sql": "create table one (id integer);" };
    const more = {
      ...one,
      "002_two.sql":
        "alter table one add two integer; insert into one values (1, 2);",
      "010_ten.sql": "update one set two = 10;",
    };
    await migrate(database, { nowMs, directory: await folderOf(one) });
    expect(
      await migrate(database, { nowMs, directory: await folderOf(more) }),
    ).toEqual(["002_two.sql", "010_ten.sql"]);
    const bad = {
      ...more,
      "011_good.sql": "create table good (id integer);",
      "012_bad.sql": "update one set two = 12; select 1/0;",
    };
    await expect(
      migrate(database, { nowMs, directory: await folderOf(bad) }),
    ).rejects.toThrow("division by zero");
    const { rows } = await database.query("select * from one");
    expect(rows).toEqual([{ id: 1, two: 10 }]);
    await expect(database.query("select * from good")).rejects.toThrow(
      "does not exist",
    );
  });

  test("refuse a history that is not theirs", async () => {
    const database = await opened(await databaseUrl());
    const apply = async (files: Record<string, string>) =>
      migrate(database, { nowMs, directory: await folderOf(files) });
    await apply({ "001_one.sql": "select 1;", "002_two.sql": "select 2;" });
    await expect(
      apply({ "001_one.sql": "select 3;", "002_two.sql": "select 2;" }),
    ).rejects.toThrow("001_one.sql was changed");
    await expect(apply({ "001_one.sql": "select 1;" })).rejects.toThrow(
      "migration 2, which this version of the service does not",
    );
    await expect(
      apply({ "001_one.sql": "select 1;", "second.sql": "select 2;" }),
    ).rejects.toThrow("second.sql is not named");
  });
});

test("replicas that start at once on one Postgres apply each migration once", async () => {
  const url = await postgresUrl();
  const replicas = await Promise.all(
    Array.from({ length: 6 }, () => opened(url)),
  );
  const applied = await Promise.all(
    replicas.map((database) => migrate(database, { nowMs })),
  );
  expect(applied.flat()).toEqual(own);
});
