import { connect } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import {
  createMemoryBus,
  createMemoryStore,
  type Bus,
  type BusRecord,
} from "@easymo/messaging";
import { ManualClock, type RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "../testing/graph-api.js";
import {
  change,
  contactOf,
  messageId,
  newWaId,
  OTHER_PHONE_NUMBER_ID,
  post,
  postJson,
  signature,
  textFrom,
  webhook,
} from "../testing/meta.js";
import {
  EventLog,
  OTHER_TENANT,
  quietKit,
  startAgentCore,
  startBot,
  TENANT,
  type RunningBot,
} from "../testing/running-bot.js";

/** A bus that keeps what it was given, and refuses the records of some keys. */
class SelectiveBus implements Bus {
  readonly published: BusRecord[] = [];
  readonly refused = new Set<string>();
  calls = 0;
  readonly #bus = createMemoryBus(quietKit("bus"));

  async publish(...[records, options]: Parameters<Bus["publish"]>) {
    this.calls += 1;
    if (records.some(({ key }) => this.refused.has(key)))
      throw new Error("a partition has no leader");
    await this.#bus.publish(records, options);
    this.published.push(...records);
  }
  publishEvent(...args: Parameters<Bus["publishEvent"]>) {
    return this.#bus.publishEvent(...args);
  }
  subscribe(...args: Parameters<Bus["subscribe"]>) {
    return this.#bus.subscribe(...args);
  }
  check() {
    return this.#bus.check();
  }
  close() {
    return this.#bus.close();
  }
}

let agentCore: RunningService;
let graph: GraphApi;
let bus: SelectiveBus;
let bot: RunningBot;
let log: EventLog;

beforeAll(async () => {
  [agentCore, graph] = await Promise.all([startAgentCore(), GraphApi.start()]);
  bus = new SelectiveBus();
  bot = await startBot({
    agentCoreUrl: agentCore.url,
    graph,
    bus,
    requestTimeoutMs: 1_000,
  });
  log = await EventLog.of(bus);
});

afterAll(async () => {
  await bot.close();
  await Promise.all([agentCore.close(), graph.close()]);
});

function timesPublished(id: string): number {
  return bus.published.filter(
    ({ headers }) =>
      headers.ce_type === "message.received" && headers.ce_subject === id,
  ).length;
}

describe("a webhook of many", () => {
  test("tenants, entries and changes is each tenant's own", async () => {
    const [ours, theirs] = [messageId(), messageId()];
    const [one, other] = [newWaId(), newWaId()];
    const answer = await postJson(bot.url, {
      object: "whatsapp_business_account",
      entry: [
        { id: "1", changes: [textFrom({ waId: one }, "hello", ours)] },
        {
          id: "2",
          time: 1_749_416_383,
          changes: [
            { field: "account_update", value: { event: "VERIFIED_ACCOUNT" } },
            change(
              {
                contacts: [contactOf({ waId: other })],
                messages: [
                  {
                    id: theirs,
                    from: other,
                    timestamp: String(Math.floor(Date.now() / 1_000)),
                    type: "text",
                    text: { body: "muraho" },
                  },
                ],
              },
              "messages",
              OTHER_PHONE_NUMBER_ID,
            ),
          ],
        },
      ],
    });
    expect(answer.status).toBe(200);
    const of = async (id: string) =>
      (await log.next("message.received", ({ data }) => data.messageId === id))
        .tenantId;
    expect([await of(ours), await of(theirs)]).toEqual([TENANT, OTHER_TENANT]);
  });

  test("of which a part cannot be published is answered 503, and its repeat publishes only that part", async () => {
    const people = [newWaId(), newWaId(), newWaId()];
    const ids = people.map(() => messageId());
    const [, unlucky = ""] = people;
    const body = webhook(
      ...people.map((waId, at) => textFrom({ waId }, "hello", ids[at])),
    );
    bus.refused.add(`${TENANT}:+${unlucky}`);
    const first = await postJson(bot.url, body);
    expect(first.status).toBe(503);
    expect(first.headers.get("retry-after")).toBe("1");
    expect(await first.json()).toMatchObject({ code: "unavailable" });
    expect(ids.map(timesPublished)).toEqual([1, 0, 1]);
    bus.refused.clear();
    expect((await postJson(bot.url, body)).status).toBe(200);
    expect(ids.map(timesPublished)).toEqual([1, 1, 1]);
    expect((await postJson(bot.url, body)).status).toBe(200);
    expect(ids.map(timesPublished)).toEqual([1, 1, 1]);
  });

  test("of which several of one person cannot be published keeps their order", async () => {
    const waId = newWaId();
    const ids = Array.from({ length: 5 }, () => messageId());
    const body = webhook(...ids.map((id) => textFrom({ waId }, "x", id)));
    bus.refused.add(`${TENANT}:+${waId}`);
    expect((await postJson(bot.url, body)).status).toBe(503);
    bus.refused.clear();
    expect((await postJson(bot.url, body)).status).toBe(200);
    const order = bus.published
      .map(({ headers }) => headers.ce_subject ?? "")
      .filter((id) => ids.includes(id));
    expect(order).toEqual(ids);
  });
});

test("messages of one person, brought by webhooks at once with others', are in the order of each webhook", async () => {
  const [one, other] = [newWaId(), newWaId()];
  const rows = Array.from({ length: 8 }, () =>
    Array.from({ length: 6 }, () => messageId()),
  );
  const answers = await Promise.all(
    rows.map((ids) =>
      postJson(
        bot.url,
        webhook(
          ...ids.map((id, at) =>
            textFrom({ waId: at % 2 === 0 ? one : other }, "x", id),
          ),
        ),
      ),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(rows.map(() => 200));
  const places = new Map(
    bus.published.map(({ headers }, place) => [headers.ce_subject, place]),
  );
  for (const ids of rows)
    for (const person of [0, 1]) {
      const mine = ids
        .filter((_, at) => at % 2 === person)
        .map((id) => places.get(id));
      expect(mine).toEqual([...mine].sort((a = 0, b = 0) => a - b));
    }
});

describe("the bytes that Meta signed", () => {
  const body = (id: string, said: string): string =>
    JSON.stringify(webhook(textFrom({ waId: newWaId() }, said, id)));
  /** Meta escapes what is not ASCII, in lower case, and slashes. */
  const escaped = (json: string): string =>
    json
      .replace(
        /[^ -~]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
      .replaceAll("/", "\\/");

  test.each<[string, (json: string) => Buffer, Record<string, string>]>([
    ["as they are", (json) => Buffer.from(json), {}],
    ["escaped as Meta does", (json) => Buffer.from(escaped(json)), {}],
    [
      "with blanks between",
      (json) => Buffer.from(JSON.stringify(JSON.parse(json), null, 3)),
      {},
    ],
    [
      "with a charset",
      (json) => Buffer.from(json),
      { "content-type": "application/json; charset=utf-8" },
    ],
    [
      "under another type",
      (json) => Buffer.from(json),
      { "content-type": "text/plain" },
    ],
  ])("%s are taken, their words whole", async (_how, encode, headers) => {
    const id = messageId();
    const said = "Mwaramutse ☀️ / arrêtez-vous à Nyamirambo? 🛵";
    const bytes = encode(body(id, said));
    expect((await post(bot.url, bytes, headers)).status).toBe(200);
    const { data } = await log.next(
      "message.received",
      (event) => event.data.messageId === id,
    );
    expect(data.text).toBe(said);
  });

  test("are checked in any letters' case of the signature", async () => {
    const id = messageId();
    const bytes = body(id, "hi");
    const upper = signature(bytes).toUpperCase().replace("SHA256", "sha256");
    const headers = { "x-hub-signature-256": upper };
    expect((await post(bot.url, bytes, headers)).status).toBe(200);
  });

  test("are those on the wire: escaped otherwise, the signature is wrong", async () => {
    const json = body(messageId(), "é");
    const headers = { "x-hub-signature-256": signature(escaped(json)) };
    expect((await post(bot.url, json, headers)).status).toBe(401);
  });

  test.each<[string, (json: string) => Buffer, Record<string, string>, number]>(
    [
      ["in UTF-16", (json) => Buffer.from(json, "utf16le"), {}, 400],
      [
        "with a byte that is no UTF-8",
        () => Buffer.from('{"object":"\xff"}', "latin1"),
        {},
        400,
      ],
      // What is signed is what was meant, not its compression, which Meta does not use.
      [
        "compressed",
        (json) => gzipSync(json),
        { "content-encoding": "gzip" },
        401,
      ],
    ],
  )("%s are refused", async (_how, encode, headers, status) => {
    const bytes = encode(body(messageId(), "hi"));
    const answer = await post(bot.url, bytes, headers);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toHaveProperty("code");
  });
});

test("a webhook that does not arrive in time is cut off", async () => {
  const port = Number(new URL(bot.url).port);
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    "POST /webhook HTTP/1.1\r\nhost: bot\r\ncontent-length: 1000\r\nx-hub-signature-256: sha256=00\r\n\r\n{",
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 .*request_timeout/s);
});

test("a message that Meta repeats for a week is published once", async () => {
  const clock = new ManualClock(Date.now());
  const own = new SelectiveBus();
  const patient = await startBot({
    agentCoreUrl: agentCore.url,
    graph,
    bus: own,
    store: createMemoryStore(clock),
  });
  try {
    const id = messageId();
    const body = webhook(textFrom({ waId: newWaId() }, "hello", id));
    for (let day = 0; day <= 7; day++) {
      expect((await postJson(patient.url, body)).status).toBe(200);
      clock.advance(24 * 3_600_000);
    }
    const times = own.published.filter(
      ({ headers }) => headers.ce_subject === id,
    );
    expect(times).toHaveLength(1);
  } finally {
    await patient.close();
  }
});
