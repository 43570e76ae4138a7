import { afterEach, describe, expect, test } from "@jest/globals";
import { createMemoryBus } from "@easymo/messaging";
import type { FeedEntry } from "../../console/src/wire.js";
import { EventFeed } from "./event-feed.js";

const bus = () => createMemoryBus();
const feeds: EventFeed[] = [];

async function feedOn(
  options: ConstructorParameters<typeof EventFeed>[0],
): Promise<EventFeed> {
  const feed = new EventFeed(options);
  feeds.push(feed);
  await feed.start();
  return feed;
}

function nextEntries(feed: EventFeed, count: number): Promise<FeedEntry[]> {
  return new Promise((resolve) => {
    const entries: FeedEntry[] = [];
    const unwatch = feed.watch((entry) => {
      entries.push(entry);
      if (entries.length < count) return;
      unwatch();
      resolve(entries);
    });
  });
}

function record(key: string, value: string) {
  return {
    topic: "voice.contact.events",
    key,
    value: Buffer.from(value),
    headers: { ce_type: "call.start" },
  };
}

afterEach(async () => {
  await Promise.all(feeds.splice(0).map((feed) => feed.stop()));
});

describe("the feed", () => {
  test("shows every record of the bus, whatever topic it is on", async () => {
    const events = bus();
    const feed = await feedOn({ bus: events });
    const entries = nextEntries(feed, 2);
    await events.publish([record("CA1", '{"callId":"CA1"}')]);
    await events.publish([
      { ...record("t:u", '{"text":"hello"}'), topic: "whatsapp.inbound" },
    ]);
    expect(await entries).toMatchObject([
      {
        sequence: 1,
        topic: "voice.contact.events",
        key: "CA1",
        headers: { ce_type: "call.start" },
        data: { callId: "CA1" },
      },
      { sequence: 2, topic: "whatsapp.inbound", data: { text: "hello" } },
    ]);
  });

  test("shows a record that is no JSON as the text that it is", async () => {
    const events = bus();
    const feed = await feedOn({ bus: events });
    const entries = nextEntries(feed, 1);
    await events.publish([record("CA1", "not json")]);
    expect(await entries).toMatchObject([{ data: { raw: "not json" } }]);
  });

  test("keeps no more than it was told to, and gives what came after", async () => {
    const events = bus();
    const feed = await feedOn({ bus: events, maxEntries: 3 });
    const entries = nextEntries(feed, 5);
    for (let n = 1; n <= 5; n += 1) {
      await events.publish([record("CA1", `{"n":${n}}`)]);
    }
    await entries;
    expect(feed.since(0).map((entry) => entry.sequence)).toEqual([3, 4, 5]);
    expect(feed.since(4).map((entry) => entry.sequence)).toEqual([5]);
  });
});
