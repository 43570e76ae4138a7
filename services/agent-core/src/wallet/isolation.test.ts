import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Database, TransactionOptions } from "../database/port.js";
import {
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

/** How the transactions of the last requests were run. */
const seen: (TransactionOptions | undefined)[] = [];

function watched(real: Database): Database {
  return {
    transaction(work, options) {
      seen.push(options);
      return real.transaction(work, options);
    },
    open: () => real.open(),
    query: (text, values) => real.query(text, values),
    script: (text) => real.script(text),
    check: () => real.check(),
    close: () => real.close(),
  };
}

let core: RunningAgentCore;
beforeAll(async () => {
  core = await startAgentCore({
    databaseUrl: "pglite:memory",
    around: watched,
  });
});
afterAll(() => core.close());

test("whatever moves money or holds it is serializable, and waits for nobody else's tenant", async () => {
  const tenant = newTenant();
  const wallet = new Wallet(core, tenant);
  const options = async (request: Promise<unknown>) => {
    seen.length = 0;
    await request;
    return [...seen];
  };
  const serializable = [{ serializable: true, contention: tenant }];
  expect(await options(wallet.transfer("external", "buyer", 100))).toEqual(
    serializable,
  );
  const { reservationId } = await wallet.reserve("buyer", 10);
  expect(seen.slice(-1)).toEqual(serializable);
  expect(await options(wallet.capture(reservationId))).toEqual(serializable);
  const other = await wallet.reserve("buyer", 10);
  expect(await options(wallet.release(other.reservationId))).toEqual(
    serializable,
  );
});
