import { describe, expect, test } from "@jest/globals";
import { createMemoryStore, type VersionedStore } from "@easymo/messaging";
import { createLogger, systemClock } from "@easymo/service-kit";
import { newConversation, type Conversation } from "../conversation/state.js";
import type { Effect } from "../machine/effects.js";
import { Conversations } from "./conversations.js";

const KEY = "phone:+250780000123";
const TENANT = "kigali-parts";
const effect: Effect = {
  kind: "note_channel",
  channel: "voice",
  key: "effect-1",
  of: "event-1",
  eventId: "event-1",
  requestId: "request-1",
};

/** A store that counts what is read from it. */
function countingStore() {
  const { versioned } = createMemoryStore();
  const counted = { reads: 0 };
  const store: VersionedStore = {
    read: (keys) => {
      counted.reads += keys.length;
      return versioned.read(keys);
    },
    write: (groups) => versioned.write(groups),
    claimDue: (tag, options) => versioned.claimDue(tag, options),
    dropDue: (tag, keys) => versioned.dropDue(tag, keys),
  };
  return { store, counted };
}

function replicaOn(store: VersionedStore): Conversations {
  return new Conversations({
    store,
    ttlMs: 60_000,
    patienceMs: 60_000,
    clock: systemClock,
    logger: createLogger({ name: "test", level: "silent" }),
    onBatch: () => undefined,
  });
}

/** Takes one step; resolves with the state that it was given, when what it made of that is stored. */
function step(
  replica: Conversations,
  change: (state: Conversation) => Conversation,
): Promise<Conversation> {
  return new Promise((resolve) => {
    let given = newConversation(TENANT, {}, KEY, "2026-01-01T00:00:00Z");
    replica.submit({
      tenantId: TENANT,
      keys: [KEY],
      apply(state) {
        if (state !== undefined) given = state;
        return { state: change(given), effects: [], result: "applied" };
      },
      stored: () => resolve(given),
    });
  });
}

const begin = (state: Conversation): Conversation => ({
  ...state,
  outbox: [effect],
});
const end = (state: Conversation): Conversation => ({ ...state, outbox: [] });
const named = (name: string) => (state: Conversation) => ({ ...state, name });
const asItIs = (state: Conversation): Conversation => state;

describe("conversations that were written here", () => {
  test("are not read again for what comes next", async () => {
    const { store, counted } = countingStore();
    const replica = replicaOn(store);
    await step(replica, begin);
    expect(counted.reads).toBe(1);
    expect((await step(replica, end)).outbox).toEqual([effect]);
    expect((await step(replica, named("Aline"))).outbox).toEqual([]);
    expect(counted.reads).toBe(1);
    replica.close();
  });

  test("are read again when another replica has changed them", async () => {
    const { store } = countingStore();
    const [one, other] = [replicaOn(store), replicaOn(store)];
    await step(one, begin);
    await step(other, named("Aline"));
    expect((await step(one, end)).name).toBe("Aline");
    const stored = await step(other, asItIs);
    expect(stored).toMatchObject({ name: "Aline", outbox: [] });
    one.close();
    other.close();
  });

  test("are read before anything is concluded without writing", async () => {
    const { store } = countingStore();
    const [one, other] = [replicaOn(store), replicaOn(store)];
    await step(one, begin);
    await step(other, end);
    expect((await step(one, asItIs)).outbox).toEqual([]);
    one.close();
    other.close();
  });
});
