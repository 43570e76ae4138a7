import { describe, expect, test } from "@jest/globals";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  ManualClock,
} from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { BreakableDatabase } from "./testing/breakable-database.js";
import { testDatabase } from "./testing/databases.js";
import { startAgentCore } from "./testing/running.js";
import { DatabaseLife } from "./life.js";

async function lifeOf(url: string, clock: ManualClock) {
  const logger = createLogger({ name: "test", level: "silent" });
  const kit = createServiceKit({
    name: "test",
    logger,
    metrics: createMetrics(),
    clock,
  });
  const database = new BreakableDatabase(await testDatabase(url));
  return { database, life: new DatabaseLife({ database, kit }) };
}

describe("the database's life", () => {
  test("begins when the server comes, which is looked for every second", async () => {
    const clock = new ManualClock();
    const { database, life } = await lifeOf("pglite:memory", clock);
    database.away = true;
    const started = life.start();
    for (let count = 1; count <= 3; count += 1) {
      await until(
        () => database.refusals === count && clock.pendingTimers === 1,
      );
      await expect(life.check()).rejects.toThrow("not up to date yet");
      if (count === 3) database.away = false;
      clock.advance(1_000);
    }
    await started;
    await life.check();
    await life.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test("does not begin on something that is not to be waited for", async () => {
    const clock = new ManualClock();
    const { life } = await lifeOf("pglite:/dev/null/data", clock);
    await expect(life.start()).rejects.toThrow();
    expect(clock.pendingTimers).toBe(0);
    await life.close();
  });
});

test("while the database is away the service says so, and goes on when it is back", async () => {
  let database: BreakableDatabase | undefined;
  const core = await startAgentCore({
    databaseUrl: "pglite:memory",
    around: (real) => (database = new BreakableDatabase(real)),
  });
  try {
    if (database === undefined) throw new Error("no database");
    const body = { callId: "CA1", queue: "sales" };
    database.away = true;
    expect(await core.tool("t", "warm-transfer", body, "k")).toMatchObject({
      status: 503,
      body: { code: "database_unavailable", retryable: true },
    });
    const read = await core.tool("t", "fetch-lead", { userId: "u" });
    expect(read.status).toBe(503);
    expect(read.headers.get("retry-after")).toBe("1");
    expect((await core.send("GET", "/readyz")).status).toBe(503);
    expect((await core.send("GET", "/healthz")).status).toBe(200);
    database.away = false;
    expect((await core.send("GET", "/readyz")).status).toBe(200);
    const taken = await core.tool("t", "warm-transfer", body, "k");
    expect(taken.status).toBe(200);
    expect(taken.headers.get("idempotency-replayed")).toBeNull();
  } finally {
    await core.close();
  }
});
