import type { Clock, Logger } from "@easymo/service-kit";
import { EmbeddedDatabase } from "./pglite.js";
import type { Database } from "./port.js";
import { PostgresDatabase } from "./postgres.js";
import { preparedContents } from "./prepared.js";

const embedded = "pglite:";

/** Whether `createDatabase` takes it. */
export function isDatabaseUrl(url: string): boolean {
  if (url.startsWith(embedded)) return url.length > embedded.length;
  return /^postgres(ql)?:\/\/./.test(url) && URL.canParse(url);
}

/**
 * The database that `DATABASE_URL` names; nothing is opened yet.
 * `pglite:memory` and `pglite:<folder>` are embedded, `postgres://…` is a server.
 */
export function createDatabase(
  url: string,
  deps: { clock: Clock; logger: Logger; random?: () => number },
): Database {
  if (url.startsWith(embedded)) {
    const place = url.slice(embedded.length);
    return new EmbeddedDatabase(
      place === "memory" ? undefined : place,
      preparedContents(),
    );
  }
  return new PostgresDatabase(url, { random: Math.random, ...deps });
}
