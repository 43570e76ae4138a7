import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { blankContents, writeBlank } from "./blank.js";
import { migrate } from "./migrate.js";
import { EmbeddedDatabase } from "./pglite.js";
import { select } from "./port.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-core-blank-"));
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

test("a new database begins with the blank one of the image, and keeps what it has when it is opened again", async () => {
  const file = join(folder, "blank-database.tar.gz");
  await writeBlank(file);
  const contents = blankContents(file);
  expect(contents?.size).toBeGreaterThan(1_000_000);
  await opened(contents, async (database) => {
    const applied = await migrate(database, { nowMs: 0 });
    expect(applied).toContain("002_wallet.sql");
    await database.script("create table kept as select 7 as count");
  });
  await opened(contents, async (database) => {
    expect(await migrate(database, { nowMs: 0 })).toEqual([]);
    expect(await select(database, counted, "select count from kept")).toEqual([
      { count: 7 },
    ]);
  });
});

test("a checkout has none", () => {
  expect(blankContents(join(folder, "none"))).toBeUndefined();
  expect(blankContents()).toBeUndefined();
});
