import { createAgentCoreClient } from "@easymo/agent-core-client";
import {
  createEvent,
  createMemoryBus,
  createMemoryStore,
  type Store,
} from "@easymo/messaging";
import { ChannelTraffic, fixedRouting, RoutingTable } from "@easymo/routing";
import { ManualClock, type Metrics } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { botMetrics } from "../metrics.js";
import { People } from "../people.js";
import { Receipts } from "../receipts/receipts.js";
import { metaError, type GraphAnswer } from "../testing/graph-api.js";
import { textTo } from "../testing/messages.js";
import { PHONE_NUMBER_ID } from "../testing/meta.js";
import { quietKit, ROUTING, SECRET } from "../testing/running-bot.js";
import { GraphClient } from "./graph-client.js";
import { SendOnce } from "./once.js";
import { SendRates } from "./rates.js";
import { Sender } from "./sender.js";

/** A sender whose time passes only when a test says so. */

const PHONE = "+250788000001";
const FIRST = 1;

let clock: ManualClock;
let store: Store;
/** What Meta was sent, and when. */
let sent: { body: string; atMs: number }[];
const sentBody = z.object({ text: z.object({ body: z.string() }) });
let answers: (GraphAnswer | "never")[];
let life: AbortController;
/** Of the sender that was made last. */
let metrics: Metrics;

beforeEach(async () => {
  clock = new ManualClock();
  store = createMemoryStore(clock);
  sent = [];
  answers = [];
  life = new AbortController();
  const wrote = { phoneNumberId: PHONE_NUMBER_ID, phone: PHONE };
  await new People(store.keyValue).wrote(
    [{ ...wrote, atMs: clock.now() }],
    clock.now(),
  );
});

afterEach(() => life.abort());

/** As one process has it; what they share is the store. One that has ended is one whose clock stands still. */
function newSender(ownClock = clock): Sender {
  const kit = { ...quietKit("sender"), clock: ownClock };
  metrics = kit.metrics;
  const { keyValue, idempotency } = store;
  const people = new People(keyValue);
  const agentCore = createAgentCoreClient({
    baseUrl: "http://127.0.0.1:9",
    jwtSecret: SECRET,
    ...kit,
  });
  const graph = new GraphClient({
    baseUrl: "http://graph.example",
    accessToken: "token",
    fetch: async (_url, init) => {
      const { text } = sentBody.parse(JSON.parse(await bodyOf(init)));
      sent.push({ body: text.body, atMs: clock.monotonicMs() });
      const answer = answers.shift();
      if (answer === "never") return new Promise<Response>(() => undefined);
      return Response.json(
        answer?.body ?? { messages: [{ id: `wamid.${sent.length}` }] },
        { status: answer?.status ?? 200 },
      );
    },
  });
  const routing = RoutingTable.parse(ROUTING);
  return new Sender({
    ...kit,
    bus: createMemoryBus(kit),
    graph,
    people,
    agentCore,
    receipts: new Receipts({ graph, agentCore, people, keyValue, ...kit }),
    rates: new SendRates(keyValue, ownClock),
    once: new SendOnce({ idempotency, ...kit }),
    metrics: botMetrics(kit.metrics),
    traffic: new ChannelTraffic({ ...kit, routing: () => routing }),
    routing: () => fixedRouting(routing).current(),
  });
}

function bodyOf(init: RequestInit | undefined): Promise<string> {
  return new Response(init?.body).text();
}

/** A message that needs nobody's leave. */
function message(text: string, dedupeKey: string) {
  return createEvent("message.send", {
    tenantId: "kigali-parts",
    source: "/test",
    requestId: "r",
    data: {
      ...textTo(PHONE, { text, dedupeKey }),
      purpose: "opt_out_confirmation",
    },
  });
}

/** How many attempts are waiting, or have waited, to be made again. */
async function retried(): Promise<number> {
  const text = await metrics.registry.metrics();
  const found = /sends_total\{outcome="retried"\} (\d+)/.exec(text);
  return Number(found?.[1] ?? 0);
}

function send(sender: Sender, text: string, attempt = FIRST): Promise<void> {
  return sender.handle(message(text, "key"), { attempt, signal: life.signal });
}

const tooMuch = metaError(400, 131_056, "(#131056) pair rate limit hit");

describe("after 131056", () => {
  test("a message is tried again 1, 4 and 16 seconds later, and then leaves its place", async () => {
    answers = [tooMuch, tooMuch, tooMuch, tooMuch];
    const failed = expect(send(newSender(), "hi")).rejects.toMatchObject({
      code: "131056",
      retryable: true,
    });
    const startMs = clock.monotonicMs();
    for (const [at, delayMs] of [1_000, 4_000, 16_000].entries()) {
      await until(async () => (await retried()) === at + 1);
      await clock.advanceAsync(delayMs - 1);
      expect(sent).toHaveLength(at + 1);
      await clock.advanceAsync(1);
    }
    await failed;
    expect(sent.map(({ atMs }) => atMs - startMs)).toEqual([
      0, 1_000, 5_000, 21_000,
    ]);
  });

  test("a message that has been on the retry topic is tried once each time", async () => {
    answers = [tooMuch];
    await expect(send(newSender(), "hi", 2)).rejects.toMatchObject({
      retryable: true,
    });
    expect(sent).toHaveLength(1);
  });

  test("nothing is waited for any more when the process is to end", async () => {
    answers = [tooMuch];
    const sending = send(newSender(), "hi");
    await until(async () => (await retried()) === 1);
    life.abort();
    await expect(sending).rejects.toThrow("no longer waited for");
    expect(sent).toHaveLength(1);
  });
});

test("a message that Meta took from a process that ended before it could say so is sent once more, and never again", async () => {
  const ended = new ManualClock();
  const { idempotency } = store;
  // As if the process ended right here.
  const noted = idempotency.confirm.bind(idempotency);
  idempotency.confirm = () => new Promise<boolean>(() => undefined);
  void send(newSender(ended), "hi");
  await until(() => sent.length === 1);
  idempotency.confirm = noted;
  const again = send(newSender(), "hi");
  await until(async () => {
    await clock.advanceAsync(1_000);
    return sent.length === 2;
  });
  await again;
  await send(newSender(), "hi");
  expect(sent.map(({ body }) => body)).toEqual(["hi", "hi"]);
});

describe("a text of several parts", () => {
  const words = Array.from({ length: 1_500 }, (_, at) => `word${at}`);

  test("whose process ends in the middle is gone on with by another: each part once, in order", async () => {
    answers = [{ status: 200 }, "never"];
    const ended = new ManualClock();
    void send(newSender(ended), words.join(" "));
    await until(() => sent.length === 2);
    // Its claim on the second part ends with its lease.
    answers = [];
    const rest = send(newSender(), words.join(" "));
    await until(async () => {
      await clock.advanceAsync(1_000);
      return sent.length >= 4;
    });
    await rest;
    const [first, unanswered, ...others] = sent.map(({ body }) => body);
    expect(others[0]).toBe(unanswered);
    expect([first, ...others].join(" ").split(" ")).toEqual(words);
  });

  test("is not sent again, part by part, when it was sent", async () => {
    await send(newSender(), words.join(" "));
    const count = sent.length;
    await send(newSender(), words.join(" "));
    expect(sent).toHaveLength(count);
  });
});

test("a key that ends like a part's is a key of its own", async () => {
  const long = Array.from({ length: 1_500 }, () => "word").join(" ");
  const sender = newSender();
  const context = { attempt: FIRST, signal: life.signal };
  await sender.handle(message(long, "a"), context);
  const count = sent.length;
  for (const key of ["a#1", "1:a", "a:1"])
    await sender.handle(message("short", key), context);
  expect(sent).toHaveLength(count + 3);
});
