import { until } from "@easymo/testbed";
import { noteComplete, reportOf, type ChaosReport } from "./chaos-report.js";
import { Replicas, startWorld, type World } from "./chaos-world.js";
import { intent, newPhone } from "./events.js";
import { agentCoreOf } from "./running.js";

export interface ChaosOptions {
  readonly intents: number;
  readonly brokers: 1 | 3;
  /** How often a replica is killed, and how many times in all. */
  readonly killEveryMs: number;
  readonly kills: number;
  readonly databaseUrl: string;
  readonly timeoutMs: number;
  readonly say: (words: string) => void;
}

/**
 * Sends intents through replicas that are killed all the time, over a Kafka that loses a broker and a Redis that forgets
 * everything, to a wallet that fails one time in five; then counts what arrived.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { intents: count, say } = options;
  const world = await startWorld(options);
  const replicas = new Replicas(world);
  try {
    say(`${options.brokers} broker(s), Redis, Postgres are up`);
    await replicas.start();
    const phones = Array.from({ length: Math.ceil(count / 2) }, newPhone);
    const money = await fillWallets(world, phones);
    say(`${phones.length} people have money`);
    const wishes = Array.from({ length: count }, (_, at) =>
      intent(phones[at % phones.length] ?? ""),
    );
    const trouble = makeTrouble(options, world, replicas);
    for (let at = 0; at < wishes.length; at += 250)
      await Promise.all(
        wishes.slice(at, at + 250).map((wish) =>
          world.bus.publishEvent("whatsapp.inbound", wish, {
            timeoutMs: 120_000,
          }),
        ),
      );
    say(`${count} intents are published`);
    await trouble;
    const ids = wishes.map(({ data }) => data.intentId);
    const done = new Set<string>();
    let saidMs = Date.now();
    await until(
      () => {
        noteComplete(world, ids, done);
        if (Date.now() - saidMs >= PROGRESS_MS) {
          saidMs = Date.now();
          say(`${done.size} of ${count} arrived`);
        }
        return done.size === count;
      },
      {
        what: `All of ${count} intents`,
        timeoutMs: options.timeoutMs,
        everyMs: 1_000,
      },
    );
    say("everything arrived");
    return {
      ...(await reportOf(world, ids, phones)),
      unbalanced: await money.unbalanced(
        wishes.map(({ data }) => data.contact),
      ),
    };
  } finally {
    await replicas.stop();
    await world.close();
  }
}

const PROGRESS_MS = 10_000;
const MONEY = 1_000_000;
const PRICE = 12_000;

/** Gives everybody money, from the world outside, and one vendor something to sell. */
async function fillWallets(
  { agentCoreUrl }: World,
  phones: readonly string[],
): Promise<{ unbalanced(contacts: readonly string[]): Promise<number> }> {
  const core = agentCoreOf(agentCoreUrl);
  await core.putVendor(
    "kimironko",
    {
      name: "Kimironko Moto Parts",
      phone: "+250788000111",
      area: "Kimironko",
      items: [{ name: "brake pads", price: PRICE, currency: "RWF" }],
    },
    { idempotencyKey: "vendor" },
  );
  const buyers = new Map<string, string>();
  const fill = async (phone: string): Promise<void> => {
    const { buyer } = await core.registerBuyer(
      { phone },
      { idempotencyKey: `buyer-${phone}` },
    );
    buyers.set(phone, buyer.buyerId);
    await core.transfer(
      { from: "external", to: buyer.buyerId, amount: MONEY, currency: "RWF" },
      { idempotencyKey: `money-${phone}` },
    );
  };
  for (let at = 0; at < phones.length; at += 8)
    await Promise.all(phones.slice(at, at + 8).map(fill));
  return {
    async unbalanced(contacts) {
      let wrong = 0;
      for (const [phone, buyerId] of buyers) {
        const { account } = await core.account(buyerId);
        const wishes = contacts.filter((contact) => contact === phone).length;
        if (account.balance !== MONEY || account.reserved !== wishes * PRICE)
          wrong += 1;
      }
      const outside = await core.account("external");
      return outside.account.balance === -MONEY * buyers.size
        ? wrong
        : wrong + 1;
    },
  };
}

async function makeTrouble(
  { killEveryMs, kills, brokers, say }: ChaosOptions,
  { cluster, redis, bus }: World,
  replicas: Replicas,
): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, killEveryMs));
    await replicas.killOne(kill);
    if (kill === Math.floor(kills / 2)) {
      await redis.restart();
      say("Redis was restarted, empty");
    }
    if (brokers === 3 && kill === Math.floor(kills / 3)) {
      await cluster.kill9(2);
      say("broker 2 was killed");
    }
    if (brokers === 3 && kill === Math.floor((kills * 2) / 3)) {
      await cluster.restart(2);
      say("broker 2 is back");
    }
  }
  await bus.check();
  say(`replicas were killed ${kills} times`);
}
