import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { migrate } from "./migrate.js";
import { EmbeddedDatabase } from "./pglite.js";
import { select } from "./port.js";
import { preparedContents, writePrepared } from "./prepared.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-core-prepared-"));
});
afterEach(() => rm(folder, { recursive: true }));

const counted = z.object({ count: z.number() });

async function opened<T>(
  contents: Blob | undefined,
  work: (database: EmbeddedDatabase) => Promise<T>,
): Promise<T> {
  const database = new EmbeddedDatabase(join(folder, "data"), contents);
  try {
    await database.open();
    return await work(database);
  } finally {
    await database.close();
  }
}

test("a new database begins with the image's, its schema up to date, and keeps what it has when it is opened again", async () => {
  const file = join(folder, "prepared-database.tar.gz");
  await writePrepared(file, { nowMs: 0 });
  const contents = preparedContents(file);
  expect(contents?.size).toBeGreaterThan(1_000_000);
  await opened(contents, async (database) => {
    expect(await migrate(database, { nowMs: 0 })).toEqual([]);
    expect(
      await select(
        database,
        counted,
        "select count(*)::integer as count from vendors",
      ),
    ).toEqual([{ count: 0 }]);
    await database.script("create table kept as select 7 as count");
  });
  await opened(contents, async (database) => {
    expect(await select(database, counted, "select count from kept")).toEqual([
      { count: 7 },
    ]);
  });
});

test("a checkout has none", () => {
  expect(preparedContents(join(folder, "none"))).toBeUndefined();
  expect(preparedContents()).toBeUndefined();
});
