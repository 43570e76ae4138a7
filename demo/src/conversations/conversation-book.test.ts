import { beforeEach, expect, test } from "@jest/globals";
import { createMemoryStore, type Store } from "@easymo/messaging";
import { ManualClock } from "@easymo/service-kit";
import { ConversationBook } from "./conversation-book.js";

let clock: ManualClock;
let book: ConversationBook;
let store: Store;
let version: string | undefined;

beforeEach(() => {
  clock = new ManualClock(1_000);
  book = new ConversationBook(clock);
  store = book.watching(createMemoryStore(clock));
  version = undefined;
});

/** Writes a conversation with this outbox, as the orchestrator does. */
async function write(
  outbox: readonly object[],
  expected = version,
): Promise<boolean | undefined> {
  const next = `v${Number(expected?.slice(1) ?? 0) + 1}`;
  const value = JSON.stringify({
    schema: 1,
    id: "c1",
    tenantId: "kigali-parts",
    names: { phone: "+250788000001", userId: "RW.1" },
    name: "Aline",
    channels: ["whatsapp"],
    turns: 1,
    lines: [],
    calls: [{ callId: "CA1" }],
    intents: [],
    payments: [],
    seen: [],
    outbox,
    updatedAt: "2026-01-01T00:00:00Z",
  });
  const change = { key: "k", expected, version: next, value, ttlMs: 60_000 };
  const [written] = await store.versioned.write([[change]]);
  if (written === true) version = next;
  return written;
}

const rank = { kind: "rank", key: "key-1" };
const publish = {
  kind: "publish",
  key: "key-2",
  what: { type: "ranking.forwarded" },
};

test("an effect is to do while it is in the outbox, and done when it has left it", async () => {
  await write([rank]);
  clock.advance(50);
  await write([rank, publish]);
  await write([publish]);
  const [person] = book.read();
  expect(person).toMatchObject({
    id: "c1",
    name: "Aline",
    names: ["+250788000001", "RW.1"],
    callIds: ["CA1"],
    effects: [
      {
        key: "key-2",
        kind: "publish ranking.forwarded",
        state: "to do",
        atMs: 1_050,
      },
      { key: "key-1", kind: "rank", state: "done", atMs: 1_000 },
    ],
  });
});

test("an effect that was given up says so", async () => {
  await write([{ ...rank, buried: true }]);
  expect(book.read()[0]?.effects[0]?.state).toBe("given up");
});

test("what was not written is not noted, and whoever watches hears of the rest", async () => {
  let heard = 0;
  book.watch(() => (heard += 1));
  await write([rank]);
  expect(await write([], "v7")).toBe(false);
  expect(book.read()[0]?.effects[0]?.state).toBe("to do");
  expect(heard).toBe(1);
});
