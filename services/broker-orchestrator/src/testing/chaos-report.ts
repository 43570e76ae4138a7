import { createStore } from "@easymo/messaging";
import { until } from "@easymo/testbed";
import { decodeStored } from "../conversation/codec.js";
import { storeKey } from "../runtime/slots.js";
import type { World } from "./chaos-world.js";
import { TENANT } from "./events.js";
import { quietKit } from "./running.js";

/** What was found out about one run. */
export interface ChaosReport {
  /** Effects of which there is none, more than one key, or one key with several bodies. */
  readonly wrong: readonly string[];
  readonly reservations: number;
  readonly requests: number;
  readonly failures: number;
  /** Requests for each path, ids left out, and how many of them failed. */
  readonly byPath: Readonly<Record<string, string>>;
  readonly deadLetters: number;
  /** Conversations with something left to be done, though everything is. */
  readonly unfinished: number;
  /** Accounts that hold more or less than their wishes come to, or whose balance is not what came in. */
  readonly unbalanced: number;
}

/** Adds the wishes of which everything has arrived. */
export function noteComplete(
  { standIn, log }: World,
  ids: readonly string[],
  done: Set<string>,
): void {
  const reserved = new Set(
    standIn
      .done(/^\/wallet\/reservations$/)
      .map(({ body }) => String(body.intentId)),
  );
  const forwarded = new Set(
    log.of("ranking.forwarded").map(({ data }) => data.intentId),
  );
  const told = new Set(
    log.of("message.send").map(({ data }) => data.dedupeKey),
  );
  for (const id of ids)
    if (reserved.has(id) && forwarded.has(id) && told.has(`ranking:${id}`))
      done.add(id);
}

/** Counts what arrived, by its keys. */
export async function reportOf(
  { standIn, log, redis }: World,
  ids: readonly string[],
  phones: readonly string[],
): Promise<Omit<ChaosReport, "unbalanced">> {
  // First, for what nobody waits for may still be on its way when everything else has arrived.
  const unfinished = await unfinishedIn(redis.url, phones);
  const wrong: string[] = [];
  const paths = [/^\/rankings$/, /\/rankings$/, /\/intents$/, /^\/wallet/];
  for (const path of paths) {
    const keys = new Map<string, Set<string>>();
    const bodies = new Map<string, Set<string>>();
    const requests = standIn.requests.filter(
      (one) =>
        path.test(one.path) &&
        (path.source !== "\\/rankings$" || one.path.startsWith("/buyers")),
    );
    for (const { key = "", body, status } of requests) {
      if (status >= 300) continue;
      add(keys, String(body.intentId), key);
      add(bodies, key, JSON.stringify(body));
    }
    for (const id of ids)
      if (keys.get(id)?.size !== 1)
        wrong.push(`${path.source} ${id}: ${keys.get(id)?.size ?? 0} keys`);
    for (const [key, different] of bodies)
      if (different.size !== 1)
        wrong.push(`${path.source} ${key}: ${different.size} bodies`);
  }
  const events = new Map<string, Set<string>>();
  for (const { id, data } of log.of("ranking.forwarded"))
    add(events, `forwarded ${data.intentId}`, id);
  for (const { id, data } of log.of("message.send"))
    add(events, `told ${data.dedupeKey}`, id);
  for (const [what, own] of events)
    if (own.size !== 1) wrong.push(`${what}: ${own.size} events`);
  return {
    wrong,
    reservations: standIn.done(/^\/wallet\/reservations$/).length,
    requests: standIn.requests.length,
    failures: standIn.requests.filter(({ status }) => status >= 500).length,
    byPath: byPath(standIn.requests),
    deadLetters: log.deadLetters.length,
    unfinished,
  };
}

function byPath(
  requests: readonly { readonly path: string; readonly status: number }[],
): Record<string, string> {
  const counts = new Map<string, { all: number; failed: number }>();
  for (const { path, status } of requests) {
    const name = path.replace(/[0-9a-f-]{36}/g, "{id}");
    const count = counts.get(name) ?? { all: 0, failed: 0 };
    count.all += 1;
    if (status >= 500) count.failed += 1;
    counts.set(name, count);
  }
  return Object.fromEntries(
    [...counts].map(([name, { all, failed }]) => [
      name,
      `${all}, ${failed} failed`,
    ]),
  );
}

/** Conversations whose outbox is not empty, once everything has settled. */
async function unfinishedIn(
  url: string,
  phones: readonly string[],
): Promise<number> {
  const store = createStore(url, quietKit("chaos"));
  const open = async (): Promise<number> => {
    const found = await store.versioned.read(
      phones.map((phone) => storeKey(TENANT, `phone:${phone}`)),
    );
    return found.filter((entry) => {
      const stored =
        entry === undefined ? undefined : decodeStored(entry.value);
      return (
        stored?.kind === "conversation" && stored.conversation.outbox.length > 0
      );
    }).length;
  };
  try {
    await until(async () => (await open()) === 0, {
      what: "Empty outboxes",
      timeoutMs: 60_000,
      everyMs: 250,
    }).catch(() => undefined);
    return await open();
  } finally {
    await store.close();
  }
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}
