import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import fc from "fast-check";
import { z } from "zod";
import { auditOf } from "../testing/audit.js";
import { databases } from "../testing/databases.js";
import { type Fault, FaultyDatabase } from "../testing/faulty-database.js";
import {
  type Answer,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";
import { Wallet } from "../testing/wallet.js";

const accounts = ["external", "a", "b", "c"] as const;
const account = fc.constantFrom(...accounts);
const amount = fc.integer({ min: 1, max: 60 });

/** How insistent the sender is: whether it asks again when it gets no answer, and whether it repeats itself all the same. */
const sender = {
  insists: fc.boolean(),
  repeats: fc.boolean(),
};
const command = fc.oneof(
  fc.record({
    kind: fc.constant("transfer" as const),
    from: account,
    to: account,
    amount,
    ...sender,
  }),
  fc.record({
    kind: fc.constant("reserve" as const),
    buyerId: account,
    amount,
    lifetimeMs: fc.integer({ min: 1, max: 20 }),
    ...sender,
  }),
  fc.record({
    kind: fc.constantFrom("capture" as const, "release" as const),
    which: fc.nat(20),
    to: account,
    ...sender,
  }),
);
type Command = typeof command extends fc.Arbitrary<infer Made> ? Made : never;

/** Rounds of commands that are sent at once, then time passes. */
const story = fc.record({
  rounds: fc.array(
    fc.record({
      commands: fc.array(command, { minLength: 1, maxLength: 5 }),
      passesMs: fc.integer({ min: 0, max: 10 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  faults: fc.array(
    fc.constantFrom<Fault>("none", "none", "crash", "lost", "conflict"),
    { maxLength: 30 },
  ),
});

const reserved = z.object({
  reservation: z.object({ reservationId: z.string() }),
});

describe.each(databases)(
  "whatever happens to the ledger on %s",
  (name, url) => {
    let core: RunningAgentCore;
    let database: FaultyDatabase;
    const clock = new ManualClock(Date.UTC(2026, 5, 1));
    beforeAll(async () => {
      core = await startAgentCore({
        databaseUrl: await url(),
        clock,
        around: (real) => (database = new FaultyDatabase(real)),
      });
    });
    afterAll(() => core.close());

    /** Sends a command as its sender would; tells the last answer, and whether it is known to be done. */
    async function send(
      wallet: Wallet,
      one: Command,
      reservations: readonly string[],
      key: string,
    ): Promise<Answer> {
      const attempt = (): Promise<Answer> => {
        if (one.kind === "transfer")
          return wallet.transfer(
            one.from,
            one.to,
            one.amount,
            { memo: key },
            key,
          );
        if (one.kind === "reserve")
          return wallet.post(
            "/wallet/reservations",
            {
              buyerId: one.buyerId,
              intentId: key,
              amount: one.amount,
              currency: "RWF",
              expiresAt: new Date(clock.now() + one.lifetimeMs).toISOString(),
            },
            key,
          );
        const id =
          reservations[one.which % reservations.length] ?? randomUUID();
        return one.kind === "capture"
          ? wallet.capture(id, { to: one.to }, key)
          : wallet.release(id, key);
      };
      let answer = await attempt();
      while (answer.status === 503 && one.insists) answer = await attempt();
      if (!one.repeats) return answer;
      const again = await attempt();
      if (answer.status === 200 && again.status !== 503)
        expect(again.body).toEqual(answer.body);
      return again;
    }

    test("each transaction balances, no account is below its limit, and nothing is done twice", async () => {
      await fc.assert(
        fc.asyncProperty(story, async ({ rounds, faults }) => {
          const tenant = newTenant();
          const wallet = new Wallet(core, tenant, { insists: false });
          for (const one of ["a", "b"])
            await wallet.transfer("external", one, 100, { memo: "start" });
          const reservations: string[] = [];
          const outcomes = new Map<string, Answer>();
          database.faults.push(...faults);
          for (const { commands, passesMs } of rounds) {
            const known = [...reservations];
            await Promise.all(
              commands.map(async (one) => {
                const key = randomUUID();
                const answer = await send(wallet, one, known, key);
                expect([200, 400, 403, 404, 409, 503]).toContain(answer.status);
                if (one.kind === "transfer") outcomes.set(key, answer);
                const made = reserved.safeParse(answer.body).data;
                if (one.kind === "reserve" && made !== undefined)
                  reservations.push(made.reservation.reservationId);
              }),
            );
            clock.advance(passesMs);
          }
          database.faults.length = 0;
          const audit = await auditOf(core.database, tenant);
          expect(audit).toMatchObject({
            unbalanced: [],
            wrongSums: [],
            belowLimit: [],
          });
          const total = [...audit.balances.values()].reduce((a, b) => a + b, 0);
          expect(total).toBe(0);
          for (const [key, { status }] of outcomes) {
            const done = audit.transactionsByMemo.get(key) ?? 0;
            if (status === 200) expect(done).toBe(1);
            else if (status === 503) expect(done).toBeLessThanOrEqual(1);
            else expect(done).toBe(0);
          }
        }),
        { numRuns: name === "PGlite" ? 30 : 20 },
      );
    });
  },
);
