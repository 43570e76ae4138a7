import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createLogger, systemClock } from "@easymo/service-kit";
import { postgresUrl } from "@easymo/testbed";
import { runCommand } from "./commands.js";
import { kigaliVendors } from "./seed/kigali-vendors.js";
import { testDatabase } from "./testing/databases.js";
import { vendorsOf } from "./vendors/store.js";
import { vendorBody } from "./vendors/vendor.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-core-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a command line; the database is one in the test's folder unless the environment says otherwise. */
async function run(
  args: readonly string[],
  env: Record<string, string> = { DATABASE_URL: `pglite:${folder}/data` },
) {
  const said = { printed: "", complained: "" };
  const exitCode = await runCommand(args, {
    env,
    clock: systemClock,
    logger: createLogger({ name: "test", level: "silent" }),
    print: (text) => (said.printed += text),
    complain: (text) => (said.complained += text),
  });
  return { exitCode, ...said };
}

describe("the commands", () => {
  test("migrate and seed a Postgres, as often as one likes", async () => {
    const env = { DATABASE_URL: await postgresUrl() };
    const first = await run(["migrate"], env);
    expect(first).toMatchObject({ exitCode: 0, complained: "" });
    expect(first.printed).toContain("002_wallet.sql");
    expect(await run(["migrate"], env)).toMatchObject({
      exitCode: 0,
      printed: "The schema is up to date.",
    });
    for (const _time of [1, 2])
      expect(
        await run(["seed", "--", "--tenant", "kigali-parts"], env),
      ).toMatchObject({
        exitCode: 0,
        printed: expect.stringContaining("kigali-parts has 12 vendors"),
      });
    const database = await testDatabase(env.DATABASE_URL);
    await database.open();
    const byId = [...kigaliVendors].sort((a, b) =>
      a.vendorId < b.vendorId ? -1 : 1,
    );
    expect(await vendorsOf(database, "kigali-parts", {})).toEqual(byId);
    expect(await vendorsOf(database, "somebody-else", {})).toEqual([]);
    await database.close();
  });

  test("seed an embedded database from nothing", async () => {
    expect(await run(["seed", "--tenant", "t"])).toMatchObject({
      exitCode: 0,
      complained: "",
    });
  });

  test.each([
    [["--help"], "Commands"],
    [["migrate", "--help"], "DATABASE_URL"],
    [["seed", "-h"], "--tenant <tenantId>"],
  ])("%j tells how", async (args, text) => {
    const { exitCode, printed } = await run(args, {});
    expect(exitCode).toBe(0);
    expect(printed).toContain(text);
  });

  test.each([
    [[], "Which command?"],
    [["drop"], "There is no command drop."],
    [["seed"], "Say whose: --tenant <tenantId>."],
    [["seed", "--tenant", " "], "Say whose"],
    [["seed", "--tenants", "t"], "--tenants"],
    [["migrate", "now"], "now"],
  ])("%j is refused with how it is done", async (args, text) => {
    const { exitCode, complained } = await run(args, {});
    expect(exitCode).toBe(64);
    expect(complained).toContain(text);
    expect(complained).toContain("Usage: agent-core");
  });

  test("say what is wrong with the environment, and where there is no database", async () => {
    expect(await run(["migrate"], { DATABASE_URL: "mysql://h/d" })).toEqual({
      exitCode: 78,
      printed: "",
      complained: expect.stringContaining("DATABASE_URL: expected pglite:"),
    });
    const away = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
    expect(await run(["migrate"], away)).toMatchObject({
      exitCode: 1,
      complained: expect.stringContaining("The database does not answer"),
    });
  });
});

test("the seeded vendors are as the service itself would take them, and a dozen", () => {
  expect(kigaliVendors).toHaveLength(12);
  for (const { vendorId, ...told } of kigaliVendors) {
    expect(vendorBody.parse(told)).toMatchObject({ name: told.name });
    expect(vendorId).toMatch(/^[a-z-]+$/);
  }
  expect(new Set(kigaliVendors.map(({ vendorId }) => vendorId)).size).toBe(12);
  expect(new Set(kigaliVendors.map(({ phone }) => phone)).size).toBe(12);
});
