import type { RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { intent, newPhone, received } from "./testing/events.js";
import {
  EventLog,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";
import { StandIn } from "./testing/stand-in.js";

let agentCore: RunningService;
let others: StandIn;
let wallet: StandIn;
let orchestrator: RunningOrchestrator;
let log: EventLog;

beforeAll(async () => {
  [agentCore, others, wallet] = await Promise.all([
    startAgentCore(),
    StandIn.start(),
    StandIn.start(),
  ]);
  orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    standInUrl: others.url,
    env: {
      WALLET_SERVICE_URL: wallet.url,
      RETRY_DELAYS_SECONDS: "0.5,1,2,4,8,16,32,64",
    },
  });
  log = await EventLog.of(orchestrator.bus);
});
afterAll(async () => {
  await orchestrator.close();
  await Promise.all([agentCore.close(), others.close(), wallet.close()]);
});

const readiness = z.object({
  dependencies: z.record(
    z.string(),
    z.object({ status: z.string(), error: z.string().optional() }),
  ),
});

async function ready() {
  const response = await fetch(`${orchestrator.url}/readyz`);
  const { dependencies } = readiness.parse(await response.json());
  return { status: response.status, dependencies };
}

const forwarded = () =>
  new Set(log.of("ranking.forwarded").map(({ data }) => data.contact));

test("a wallet that keeps failing is left alone, readiness says which it is, and what does not need it goes on", async () => {
  // It says that it is well, but does nothing.
  wallet.fails = ({ path }) => path.startsWith("/wallet");
  const phones = Array.from({ length: 8 }, newPhone);
  for (const phone of phones)
    await orchestrator.bus.publishEvent("whatsapp.inbound", intent(phone));
  const { status, dependencies } = await until(
    async () => {
      const found = await ready();
      return found.dependencies.wallet?.status === "down" ? found : undefined;
    },
    { what: "an open circuit", timeoutMs: 120_000, everyMs: 50 },
  );
  expect(status).toBe(503);
  const { wallet: open, ...rest } = dependencies;
  expect(open?.error).toContain("circuit is open");
  expect(Object.keys(rest).sort()).toEqual([
    "agent-core",
    "buyer",
    "kafka",
    "ranking",
    "redis",
  ]);
  expect(new Set(Object.values(rest).map((one) => one.status))).toEqual(
    new Set(["up"]),
  );

  const somebody = newPhone();
  await orchestrator.bus.publishEvent(
    "whatsapp.inbound",
    received(somebody, "Hello"),
  );
  await log.next("message.send", ({ data }) => data.to === somebody);
  for (const phone of phones)
    await log.next(
      "message.send",
      ({ data }) => data.to === phone && data.purpose === "ranking",
    );
  expect(forwarded()).toEqual(new Set());

  wallet.fails = () => false;
  await until(() => forwarded().size === phones.length, {
    what: "every ranking",
    timeoutMs: 120_000,
  });
  expect(
    log
      .of("ranking.forwarded")
      .every(({ data }) => data.reservationId !== undefined),
  ).toBe(true);
  expect(wallet.done(/^\/wallet\/reservations$/)).toHaveLength(phones.length);
  expect(log.deadLetters).toEqual([]);
  await until(async () => (await ready()).status === 200, {
    what: "readiness",
    timeoutMs: 120_000,
  });
}, 300_000);
