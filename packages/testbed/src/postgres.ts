import { randomBytes } from "node:crypto";
import pg from "pg";
import { ownScript } from "./paths.js";
import { run } from "./run.js";

const STALE_AFTER_SECONDS = 3_600;
const NAME = /^easymo_test_(\d+)_[0-9a-f]+$/;

/**
 * The address of a fresh, empty database on a real Postgres: the server of TEST_DATABASE_URL, else one that is started on
 * 127.0.0.1:54329 and goes on running (`packages/testbed/scripts/postgres-up.sh --stop` ends it). Databases of earlier
 * runs are dropped after an hour.
 */
export async function postgresUrl(): Promise<string> {
  const given = process.env.TEST_DATABASE_URL;
  const server =
    given !== undefined && given !== ""
      ? given
      : await run(ownScript("postgres-up.sh"), []);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const name = `easymo_test_${nowSeconds}_${randomBytes(6).toString("hex")}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await dropStale(client, nowSeconds);
    // template0 is never connected to, so two tests can copy it at the same time.
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropStale(client: pg.Client, nowSeconds: number): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    "SELECT datname FROM pg_database WHERE datname LIKE 'easymo_test_%'",
  );
  for (const { datname } of rows) {
    const madeSeconds = Number(NAME.exec(datname)?.[1] ?? nowSeconds);
    if (nowSeconds - madeSeconds < STALE_AFTER_SECONDS) continue;
    await client.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`);
  }
}
