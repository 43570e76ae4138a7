import { afterEach, describe, expect, test } from "@jest/globals";
import {
  createMemoryStore,
  type VersionedChange,
  type VersionedStore,
} from "@easymo/messaging";
import { createLogger, systemClock } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { newConversation, type Conversation } from "../conversation/state.js";
import { Conversations } from "./conversations.js";

const TENANT = "kigali-parts";
const ALINE = "phone:+250780000001";
/** So many at once that they are worth a round beside another. */
const CROWD = Array.from({ length: 200 }, (_, at) => `phone:+25078100${at}`);

/** A store whose writes can be held on their way, and lost. */
class HeldStore implements VersionedStore {
  readonly #store: VersionedStore;
  readonly written: string[] = [];
  readonly read: VersionedStore["read"];
  readonly claimDue: VersionedStore["claimDue"];
  readonly dropDue: VersionedStore["dropDue"];
  conflicts = 0;
  #held: { key: string; opened: PromiseWithResolvers<void> } | undefined;
  isHolding = false;

  constructor(store: VersionedStore) {
    this.#store = store;
    this.read = async (keys) => {
      await turn();
      return await store.read(keys);
    };
    this.claimDue = (tag, options) => store.claimDue(tag, options);
    this.dropDue = (tag, keys) => store.dropDue(tag, keys);
  }

  /** The next write of this person's conversation stays on its way until it is released. */
  hold(key: string): void {
    this.#held = { key, opened: Promise.withResolvers() };
  }

  release(): void {
    this.isHolding = false;
    this.#held?.opened.resolve();
  }

  /** The process that wrote is not there any more: what is on its way never arrives. */
  lose(): void {
    this.#held?.opened.reject(new Error("the process is gone"));
  }

  async write(
    groups: readonly (readonly VersionedChange[])[],
  ): Promise<readonly boolean[]> {
    await turn();
    const keys = groups.flatMap((group) => group.map(({ key }) => key));
    const held = this.#held;
    if (held !== undefined && keys.some((key) => key.endsWith(held.key))) {
      this.isHolding = true;
      await held.opened.promise;
      this.#held = undefined;
    }
    const outcome = await this.#store.write(groups);
    this.written.push(...keys);
    this.conflicts += outcome.filter((isWritten) => !isWritten).length;
    return outcome;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const replicas: Conversations[] = [];
afterEach(() => {
  for (const replica of replicas.splice(0)) replica.close();
});

function replicaOn(store: VersionedStore): Conversations {
  const replica = new Conversations({
    store,
    ttlMs: 60_000,
    patienceMs: 60_000,
    clock: systemClock,
    logger: createLogger({ name: "test", level: "silent" }),
    onBatch: () => undefined,
  });
  replicas.push(replica);
  return replica;
}

/** Something is said, once however often it comes; resolves with all that was said, when that is stored. */
function say(
  replica: Conversations,
  words: string,
  ...keys: string[]
): Promise<readonly string[]> {
  const [key = ""] = keys;
  const fresh = newConversation(TENANT, {}, key, "2026-01-01T00:00:00Z");
  return new Promise((resolve) => {
    let said: readonly string[] = [];
    const taken = (state: Conversation): Conversation =>
      state.seen.includes(words)
        ? state
        : { ...state, seen: [...state.seen, words] };
    replica.submit({
      tenantId: TENANT,
      keys,
      apply(known) {
        const state = taken(known ?? fresh);
        said = state.seen;
        return { state, effects: [], result: "applied" };
      },
      stored: () => resolve(said),
    });
  });
}

function crowdSays(replica: Conversations, words: string): Promise<unknown> {
  return Promise.all(CROWD.map((key) => say(replica, words, key)));
}

describe("while a round is being written", () => {
  test("the next one, of other persons, is read and written; the person's own waits", async () => {
    const store = new HeldStore(createMemoryStore().versioned);
    const replica = replicaOn(store);
    store.hold(ALINE);
    const first = say(replica, "first", ALINE);
    await until(() => store.isHolding);
    const second = say(replica, "second", ALINE);
    await crowdSays(replica, "hello");
    expect(store.written.some((key) => key.endsWith(ALINE))).toBe(false);
    store.release();
    expect(await first).toEqual(["first"]);
    expect(await second).toEqual(["first", "second"]);
    expect(store.conflicts).toBe(0);
  });

  test("who is known to be the same person by another name waits too", async () => {
    const store = new HeldStore(createMemoryStore().versioned);
    const replica = replicaOn(store);
    await say(replica, "joined", ALINE, "user:aline");
    store.hold(ALINE);
    const first = say(replica, "by phone", ALINE);
    await until(() => store.isHolding);
    const second = say(replica, "by name", "user:aline");
    await crowdSays(replica, "hello");
    store.release();
    await first;
    expect(await second).toEqual(["joined", "by phone", "by name"]);
    expect(store.conflicts).toBe(0);
  });

  test("another replica may be faster: the round is taken again, before what waits for it", async () => {
    const { versioned } = createMemoryStore();
    const store = new HeldStore(versioned);
    const [one, other] = [replicaOn(store), replicaOn(versioned)];
    store.hold(ALINE);
    const first = say(one, "first", ALINE);
    await until(() => store.isHolding);
    const second = say(one, "second", ALINE);
    const crowd = crowdSays(one, "hello");
    await say(other, "from elsewhere", ALINE);
    await crowd;
    store.release();
    expect(await first).toEqual(["from elsewhere", "first"]);
    expect(await second).toEqual(["from elsewhere", "first", "second"]);
    expect(store.conflicts).toBe(1);
  });

  test("a replica may die: whoever has its events then takes each once, in order", async () => {
    const { versioned } = createMemoryStore();
    const store = new HeldStore(versioned);
    const dying = replicaOn(store);
    store.hold(ALINE);
    let isTold = false;
    void say(dying, "first", ALINE).then(() => (isTold = true));
    await until(() => store.isHolding);
    void say(dying, "second", ALINE).then(() => (isTold = true));
    await crowdSays(dying, "hello");
    dying.close();
    store.lose();
    // The partition's new owner gets everything that was not committed, the crowd's words too.
    const heir = replicaOn(versioned);
    await crowdSays(heir, "hello");
    void say(heir, "first", ALINE);
    expect(await say(heir, "second", ALINE)).toEqual(["first", "second"]);
    for (const key of CROWD)
      expect(await say(heir, "hello", key)).toEqual(["hello"]);
    expect(isTold).toBe(false);
  });

  test("its persons may go to another replica: what is late finds itself done, and nothing is lost", async () => {
    const { versioned } = createMemoryStore();
    const store = new HeldStore(versioned);
    const [before, after] = [replicaOn(store), replicaOn(versioned)];
    await say(before, "first", ALINE);
    store.hold(ALINE);
    const late = say(before, "second", ALINE);
    await until(() => store.isHolding);
    const crowd = crowdSays(before, "hello");
    // Not committed, it comes to the new owner again, and more with it.
    await say(after, "second", ALINE);
    await say(after, "third", ALINE);
    await crowd;
    store.release();
    expect(await late).toEqual(["first", "second", "third"]);
    const { seen = [] } = (await after.peek(TENANT, ALINE)) ?? {};
    expect(seen).toEqual(["first", "second", "third"]);
  });
});

test("two replicas at the same persons take each step once, each replica's in its order", async () => {
  const { versioned } = createMemoryStore();
  const pair = ["one", "other"].map((name) => ({
    name,
    replica: replicaOn(new HeldStore(versioned)),
  }));
  const turns = ["1", "2", "3", "4", "5"];
  await Promise.all(
    pair.flatMap(({ name, replica }) =>
      turns.map((count) => crowdSays(replica, `${name} ${count}`)),
    ),
  );
  const replica = replicaOn(versioned);
  for (const key of CROWD) {
    const said = await say(replica, "over", key);
    expect(said).toHaveLength(2 * turns.length + 1);
    for (const { name } of pair)
      expect(said.filter((words) => words.startsWith(`${name} `))).toEqual(
        turns.map((count) => `${name} ${count}`),
      );
  }
});
