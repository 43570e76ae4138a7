import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLogger, systemClock } from "@easymo/service-kit";
import { postgresUrl } from "@easymo/testbed";
import { z } from "zod";
import { databases, testDatabase } from "../testing/databases.js";
import { createDatabase, isDatabaseUrl } from "./create.js";
import { isConnectionFailure } from "./errors.js";
import { type Database, select } from "./port.js";

const logger = createLogger({ name: "test", level: "silent" });
const counter = z.object({ value: z.number() });

async function opened(url: string): Promise<Database> {
  const database = await testDatabase(url, { blank: true });
  await database.open();
  return database;
}

describe.each(databases)("%s", (_name, databaseUrl) => {
  let database: Database;
  beforeAll(async () => {
    database = await opened(await databaseUrl());
    await database.script(
      "create table counters (id integer primary key, value integer not null); insert into counters values (1, 0), (2, 0);",
    );
  });
  afterAll(() => database.close());

  const values = async (): Promise<number[]> =>
    (
      await select(database, counter, "select value from counters order by id")
    ).map(({ value }) => value);

  test("keeps a transaction that ends well, and nothing of one that does not", async () => {
    const before = await values();
    const answer = await database.transaction(async (sql) => {
      await sql.query("update counters set value = value + 1 where id = 1");
      return "done";
    });
    expect(answer).toBe("done");
    await expect(
      database.transaction(async (sql) => {
        await sql.query("update counters set value = value + 100");
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    expect(await values()).toEqual([(before[0] ?? 0) + 1, before[1]]);
  });

  test("tells how many rows were touched", async () => {
    const { affectedRows } = await database.query(
      "update counters set value = value",
    );
    expect(affectedRows).toBe(2);
  });

  test("takes lists, nothing, truth and times as they are", async () => {
    const { rows } = await database.query(
      "select $1::text[] as list, $2::text as nothing, $3::boolean as truth, $4::timestamptz as at, $5::bigint::text as big",
      [
        ["a", 'b"c,{}', "\\"],
        null,
        true,
        "2026-01-01T00:00:00.123Z",
        Number.MAX_SAFE_INTEGER,
      ],
    );
    expect(rows).toEqual([
      {
        list: ["a", 'b"c,{}', "\\"],
        nothing: null,
        truth: true,
        at: new Date("2026-01-01T00:00:00.123Z"),
        big: String(Number.MAX_SAFE_INTEGER),
      },
    ]);
  });

  test("runs transactions that cross each other on the same rows, and loses none", async () => {
    const before = await values();
    await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        database.transaction(async (sql) => {
          // Half of them take the rows the other way round: on a real server, deadlocks.
          const ids = index % 2 === 0 ? [1, 2] : [2, 1];
          for (const id of ids)
            await sql.query(
              "update counters set value = value + 1 where id = $1",
              [id],
            );
        }),
      ),
    );
    expect(await values()).toEqual(before.map((value) => value + 8));
  });
});

test("two serializable transactions that each rely on what the other changes go one after the other", async () => {
  const database = await opened(await postgresUrl());
  await database.script(
    "create table shares (id integer primary key, value integer not null); insert into shares values (1, 0), (2, 0);",
  );
  const bothHaveRead = Promise.withResolvers<void>();
  let reads = 0;
  const sums: number[] = [];
  // Takes its share while nobody has any: each row is written by one of them alone, so that no lock keeps them apart.
  const take = (id: number) =>
    database.transaction(
      async (sql) => {
        const rows = await select(sql, counter, "select value from shares");
        const sum = rows.reduce((all, { value }) => all + value, 0);
        sums.push(sum);
        reads += 1;
        if (reads === 2) bothHaveRead.resolve();
        await bothHaveRead.promise;
        if (sum === 0)
          await sql.query("update shares set value = 1 where id = $1", [id]);
      },
      { serializable: true },
    );
  await Promise.all([take(1), take(2)]);
  const shares = await select(database, counter, "select value from shares");
  expect(shares.reduce((all, { value }) => all + value, 0)).toBe(1);
  // The one that was undone saw, at its next attempt, what the other had done.
  expect(sums.slice(0, 2)).toEqual([0, 0]);
  expect(sums.at(-1)).toBe(1);
  await database.close();
});

test("a server's broken connection is noticed, and the next query has another", async () => {
  const url = await postgresUrl();
  const [database, killer] = [await opened(url), await opened(url)];
  const broken = database.transaction(async (sql) => {
    const { rows } = await sql.query("select pg_backend_pid() as value");
    const pid = counter.parse(rows[0]).value;
    await killer.query("select pg_terminate_backend($1)", [pid]);
    await sql.query("select 1");
  });
  const error: unknown = await broken.catch((reason: unknown) => reason);
  expect(isConnectionFailure(error)).toBe(true);
  await database.check();
  await Promise.all([database.close(), killer.close()]);
});

test("a server that is not there is a failure to connect", async () => {
  const database = createDatabase("postgres://nobody@127.0.0.1:1/none", {
    clock: systemClock,
    logger,
  });
  const error: unknown = await database
    .open()
    .catch((reason: unknown) => reason);
  expect(isConnectionFailure(error)).toBe(true);
  await database.close();
});

test("an embedded database that is not open says so", async () => {
  const database = createDatabase("pglite:memory", {
    clock: systemClock,
    logger,
  });
  const error: unknown = await database
    .check()
    .catch((reason: unknown) => reason);
  expect(isConnectionFailure(error)).toBe(true);
});

test("an error of ours is no failure to connect", () => {
  expect(isConnectionFailure(new Error("no"))).toBe(false);
  expect(isConnectionFailure("no")).toBe(false);
});

test.each([
  ["pglite:memory", true],
  ["pglite:./data", true],
  ["pglite:", false],
  ["postgres://u:p@h/d", true],
  ["postgresql://h:5432/d?sslmode=require", true],
  ["postgres://", false],
  ["mysql://h/d", false],
  ["", false],
])("%j names a database: %s", (url, is) => {
  expect(isDatabaseUrl(url)).toBe(is);
});
