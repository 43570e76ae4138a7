import { randomUUID } from "node:crypto";
import type { Sql } from "../database/port.js";
import {
  type Identity,
  identitiesOf,
  type PersonRef,
} from "../people/fields.js";
import { linkedIdentities } from "../people/links.js";
import { lock } from "../people/lock.js";
import { joinAccounts } from "../wallet/join.js";
import { type Buyer, joined, newBuyer, withEvidence } from "./buyer.js";
import {
  absorbBuyer,
  lockBuyersOf,
  saveBuyer,
  saveIdentities,
} from "./store.js";

/** What one request tells of a buyer. */
type BuyerEvidence = PersonRef & { readonly name?: string | undefined };

/**
 * The buyer of a number or an id, made when there is none. Everything that is evidence of one person makes them one buyer:
 * a number and an id that come together here, or that came together as a lead's. Runs inside the request's transaction.
 */
export async function registerBuyer(
  sql: Sql,
  tenantId: string,
  evidence: BuyerEvidence,
  nowMs: number,
): Promise<Buyer> {
  const identities = await lockedIdentities(sql, tenantId, evidence);
  const known = await joinedBuyer(sql, tenantId, identities, nowMs);
  const buyer = withEvidence(
    known ?? newBuyer(randomUUID(), nowMs),
    evidence,
    identities,
    nowMs,
  );
  await saveBuyer(sql, tenantId, buyer);
  await saveIdentities(sql, tenantId, buyer.buyerId, identities, nowMs);
  return buyer;
}

/** The same for somebody who may be no buyer at all, and is not made one. */
export async function joinKnownBuyers(
  sql: Sql,
  tenantId: string,
  evidence: PersonRef,
  nowMs: number,
): Promise<void> {
  const identities = await lockedIdentities(sql, tenantId, evidence);
  const known = await joinedBuyer(sql, tenantId, identities, nowMs);
  if (known === undefined) return;
  await saveBuyer(sql, tenantId, withEvidence(known, {}, identities, nowMs));
  await saveIdentities(sql, tenantId, known.buyerId, identities, nowMs);
}

/**
 * Everything that the person is known by; nobody else makes, or finds, a buyer by any of it until this transaction ends.
 */
async function lockedIdentities(
  sql: Sql,
  tenantId: string,
  evidence: PersonRef,
): Promise<readonly Identity[]> {
  const given = identitiesOf(evidence);
  const locked = new Set<string>();
  for (;;) {
    const all = await linkedIdentities(sql, tenantId, given);
    const missing = all
      .map(({ kind, value }) => JSON.stringify([kind, value]))
      .filter((name) => !locked.has(name))
      .sort();
    if (missing.length === 0) return all;
    for (const name of missing) {
      await lock(sql, [tenantId, "buyer", name]);
      locked.add(name);
    }
    // While we waited, somebody may have learnt of one more thing that the same person is known by: ask again.
  }
}

async function joinedBuyer(
  sql: Sql,
  tenantId: string,
  identities: readonly Identity[],
  nowMs: number,
): Promise<Buyer | undefined> {
  let whole: Buyer | undefined;
  for (const buyer of await lockBuyersOf(sql, tenantId, identities)) {
    if (whole === undefined) {
      whole = buyer;
      continue;
    }
    const { survivor, absorbed } = joined(whole, buyer);
    const ids = {
      survivorId: survivor.buyerId,
      absorbedId: absorbed.buyerId,
    };
    await absorbBuyer(sql, tenantId, ids);
    await joinAccounts(sql, tenantId, ids, nowMs);
    whole = survivor;
  }
  return whole;
}
