import { randomUUID } from "node:crypto";
import {
  type AccountPage,
  type AgentCoreClient,
  AgentCoreError,
  type BuyerIntent,
  externalAccount,
  type ReceivedRanking,
  type TenantAgentCore,
} from "@easymo/agent-core-client";
import { z } from "zod";
import type {
  BuyerNote,
  EntryNote,
  RankingNote,
} from "../../console/src/conversations/wire.js";

/** Money comes in from the world outside. */
export const topUpOrder = z.strictObject({
  tenant: z.string().min(1),
  buyerId: z.string().min(1).max(128),
  amount: z.int().min(1).max(100_000_000),
});
export type TopUpOrder = z.infer<typeof topUpOrder>;

/** What is wanted and paid in, in the demo. */
const CURRENCY = "RWF";

/** Buyers as agent-core has them: what was found for them, and their money. */
export class Buyers {
  readonly #agentCore: AgentCoreClient;

  constructor(agentCore: AgentCoreClient) {
    this.#agentCore = agentCore;
  }

  /** Rejects with AgentCoreError when agent-core does not answer, or has no such buyer. */
  async read(tenant: string, buyerId: string): Promise<BuyerNote> {
    const core = this.#agentCore.forTenant(tenant);
    const [{ intents, rankings }, { account, entries }] = await Promise.all([
      core.buyerContext(buyerId),
      accountOf(core, buyerId),
    ]);
    const { balance, reserved, currency } = account;
    return {
      rankings: rankings.map((ranking) => rankingNote(ranking, intents)),
      balance,
      reserved,
      currency,
      entries: entries.map((entry): EntryNote => ({
        at: entry.at ?? "",
        amount: entry.amount,
        balance: entry.balance ?? undefined,
        counterparty: entry.counterparty ?? "",
        memo: entry.memo ?? "",
      })),
    };
  }

  /** Puts money into a buyer's account. */
  async topUp({ tenant, buyerId, amount }: TopUpOrder): Promise<void> {
    await this.#agentCore.forTenant(tenant).transfer(
      {
        from: externalAccount,
        to: buyerId,
        amount,
        currency: CURRENCY,
        memo: "Paid in at the console",
      },
      { idempotencyKey: randomUUID() },
    );
  }
}

/** An account is opened by its first transfer; until then there is nothing in it. */
async function accountOf(
  core: TenantAgentCore,
  buyerId: string,
): Promise<Pick<AccountPage, "account" | "entries">> {
  try {
    return await core.account(buyerId, { currency: CURRENCY });
  } catch (error) {
    if (!(error instanceof AgentCoreError) || error.status !== 404) throw error;
    const empty = { id: buyerId, balance: 0, reserved: 0, currency: CURRENCY };
    return { account: empty, entries: [] };
  }
}

function rankingNote(
  { rankingId, intentId, candidates }: ReceivedRanking,
  intents: readonly BuyerIntent[],
): RankingNote {
  const intent = intents.find((one) => one.intentId === intentId);
  return {
    rankingId,
    intent:
      intent === undefined
        ? ""
        : [intent.name, ...Object.values(intent.slots).map(String)].join(" · "),
    candidates: candidates.map(
      ({ vendorId, name, score, price, currency, reasons }) => ({
        vendorId,
        name,
        score,
        price,
        currency,
        reasons,
      }),
    ),
  };
}
