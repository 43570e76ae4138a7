import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createMemoryBus, type MemoryBus } from "@easymo/messaging";
import { listen, type RunningService, systemClock } from "@easymo/service-kit";
import { EventFeed } from "./event-feed.js";
import { EventStreams } from "./server-sent-events.js";

let bus: MemoryBus;
let streams: EventStreams;
let service: RunningService;

beforeEach(async () => {
  bus = createMemoryBus();
  const feed = new EventFeed({ bus });
  streams = new EventStreams(feed, systemClock);
  service = await listen(
    {
      http: (request, response) => streams.serve(request, response),
      start: () => feed.start(),
      stopTaking: () => streams.close(),
      drain: () => Promise.resolve(),
      close: () => feed.stop(),
    },
    { port: 0, host: "127.0.0.1" },
  );
});

afterEach(() => service.close());

function publish(n: number) {
  return bus.publish([
    {
      topic: "voice.contact.events",
      key: "CA1",
      value: Buffer.from(`{"n":${n}}`),
      headers: {},
    },
  ]);
}

/** A page that reads the stream as a browser does: message after message. */
async function openPage(headers: Record<string, string> = {}) {
  const response = await fetch(service.url, { headers });
  const reader = response.body
    ?.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  return {
    response,
    /** Resolves with all that came, once it has this in it. */
    async until(part: string): Promise<string> {
      while (!text.includes(part)) {
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) break;
        text += chunk.value;
      }
      return text;
    },
    /** Resolves when the server has ended the stream. */
    ended: () => reader?.closed,
  };
}

describe("a page that is open", () => {
  test("is told of each event, with its number", async () => {
    const page = await openPage();
    expect(page.response.headers.get("content-type")).toBe("text/event-stream");
    await page.until("retry");
    await publish(1);
    const text = await page.until('{"n":1}');
    expect(text).toMatch(/\nid: \w+-1\ndata: \{"sequence":1,.*\}\n\n/);
  });

  test("gets what it missed when it comes back, and nothing twice", async () => {
    const first = await openPage();
    await publish(1);
    await publish(2);
    await publish(3);
    const seen = await first.until('{"n":3}');
    const [, id = ""] = /^id: (.*-1)$/m.exec(seen) ?? [];
    const second = await openPage({ "last-event-id": id });
    const text = await second.until('{"n":3}');
    expect(text.match(/^id: .*$/gm)).toEqual([
      expect.stringMatching(/-2$/),
      expect.stringMatching(/-3$/),
    ]);
  });

  test("gets everything when it comes back from another run of the demo", async () => {
    await publish(1);
    const page = await openPage({ "last-event-id": "0badcafe-900" });
    expect(await page.until('{"n":1}')).toMatch(/^id: \w+-1$/m);
  });

  test("hears of a telephone that rings", async () => {
    const page = await openPage();
    await page.until("retry");
    streams.announce("ringing", { callId: "CA1" });
    const text = await page.until("CA1");
    expect(text).toContain('event: ringing\ndata: {"callId":"CA1"}\n\n');
  });

  test("does not keep the demo from ending", async () => {
    const page = await openPage();
    await page.until("retry");
    await service.close();
    await page.until("nothing more comes");
    await expect(page.ended()).resolves.toBeUndefined();
  });
});
