import { gzipSync } from "node:zlib";
import {
  createMemoryBus,
  createMemoryStore,
  type MemoryBus,
} from "@easymo/messaging";
import { ManualClock } from "@easymo/service-kit";
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import { RunningIngress, TOKEN } from "./testing/running-ingress.js";

/** Nothing that comes in from outside crashes the service, is a 5xx, or reaches the bus. */

let bus: MemoryBus;
let ingress: RunningIngress;
const NOW = Date.UTC(2026, 2, 1, 9);

beforeAll(async () => {
  bus = createMemoryBus();
  ingress = await RunningIngress.start({
    bus,
    store: createMemoryStore(),
    clock: new ManualClock(NOW),
    env: { SIP_DEFAULT_COUNTRY: "RW" },
  });
});
afterAll(() => ingress.close());

const good = {
  callId: "c1",
  event: "ringing",
  timestamp: "2026-03-01T08:30:00Z",
};

function nested(depth: number): string {
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
}

function withPayload(json: string): string {
  return `{"callId":"c1","event":"audio","timestamp":"${good.timestamp}","payload":${json}}`;
}

/** What is sent, and the field that the answer names; "" is the whole body. */
const broken: [string, unknown, string][] = [
  ["an empty object", {}, "callId"],
  ["an empty batch", [], ""],
  ["no callId", { ...good, callId: undefined }, "callId"],
  ["a callId that is null", { ...good, callId: null }, "callId"],
  ["a callId that is a number", { ...good, callId: 7 }, "callId"],
  ["an empty callId", { ...good, callId: "" }, "callId"],
  ["a callId with a space", { ...good, callId: "a b" }, "callId"],
  ["a callId with a line break", { ...good, callId: "a\r\nb" }, "callId"],
  ["a callId with a NUL", { ...good, callId: "a\0" }, "callId"],
  ["a callId that is not ASCII", { ...good, callId: "appel-é" }, "callId"],
  ["a callId of 257", { ...good, callId: "c".repeat(257) }, "callId"],
  ["no event", { ...good, event: undefined }, "event"],
  ["an unknown event", { ...good, event: "sneezed" }, "event"],
  ["an event in capitals", { ...good, event: "RINGING" }, "event"],
  ["an event of a prototype", { ...good, event: "constructor" }, "event"],
  ["an event that is a list", { ...good, event: ["ringing"] }, "event"],
  ["no timestamp", { ...good, timestamp: undefined }, "timestamp"],
  [
    "a timestamp in seconds",
    { ...good, timestamp: 1_772_354_400 },
    "timestamp",
  ],
  [
    "a timestamp without zone",
    { ...good, timestamp: "2026-03-01T08:30:00" },
    "timestamp",
  ],
  ["a date alone", { ...good, timestamp: "2026-03-01" }, "timestamp"],
  [
    "a day that is none",
    { ...good, timestamp: "2026-02-30T08:30:00Z" },
    "timestamp",
  ],
  [
    "a timestamp of five year digits",
    { ...good, timestamp: "+12026-03-01T08:30:00Z" },
    "timestamp",
  ],
  [
    "the far future",
    { ...good, timestamp: "2026-03-01T09:05:01Z" },
    "timestamp",
  ],
  [
    "the year 9999",
    { ...good, timestamp: "9999-12-31T23:59:59Z" },
    "timestamp",
  ],
  ["from that is empty", { ...good, from: "" }, "from"],
  ["from that is a number", { ...good, from: 250_788_000_009 }, "from"],
  ["from with a space", { ...good, from: "the caller" }, "from"],
  ["from of 257", { ...good, from: `sip:${"a".repeat(251)}@b` }, "from"],
  ["from with markup", { ...good, from: "<script>alert(1)</script>" }, "from"],
  ["from with an open bracket", { ...good, from: "<sip:a@b" }, "from"],
  ["from with two hosts", { ...good, from: "sip:a@b@c" }, "from"],
  [
    "from with a header of its own",
    { ...good, from: "sip:a@b\r\nX: y" },
    "from",
  ],
  ["to without host", { ...good, to: "sip:a@" }, "to"],
  ["to with a port that is none", { ...good, to: "sip:a@b:99999" }, "to"],
  ["to with a broken IPv6 address", { ...good, to: "sip:a@[::g]" }, "to"],
  ["to of another scheme", { ...good, to: "https://kigali.example" }, "to"],
  ["to that is too short a number", { ...good, to: "+2507" }, "to"],
  ["to that is null", { ...good, to: null }, "to"],
  [
    "an empty idempotencyKey",
    { ...good, idempotencyKey: "" },
    "idempotencyKey",
  ],
  [
    "an idempotencyKey of 513",
    { ...good, idempotencyKey: "k".repeat(513) },
    "idempotencyKey",
  ],
  [
    "an idempotencyKey that is a number",
    { ...good, idempotencyKey: 1 },
    "idempotencyKey",
  ],
  [
    "an idempotencyKey of half a character",
    { ...good, idempotencyKey: "\ud800" },
    "idempotencyKey",
  ],
  ["an unknown field", { ...good, colour: "red" }, "colour"],
  ["another tenant", { ...good, tenantId: "musanze-farm" }, "tenantId"],
  [
    "a prototype",
    `{"callId":"c1","event":"audio","timestamp":"${good.timestamp}","__proto__":{"a":1}}`,
    "__proto__",
  ],
  [
    "a payload with a prototype",
    withPayload('{"a":{"__proto__":{"b":1}}}'),
    "payload",
  ],
  ["a payload nested too deep", withPayload(nested(17)), "payload"],
  ["a payload nested absurdly deep", withPayload(nested(30_000)), "payload"],
  ["a payload with an infinite number", withPayload("1e999"), "payload"],
];

const brokenJson: [string, string][] = [
  ["nothing", ""],
  ["null", "null"],
  ["a string", '"ringing"'],
  ["a number", "7"],
  ["half an object", '{"callId":"c1"'],
  ["two objects", "{}{}"],
  ["single quotes", "{'callId':'c1'}"],
  ["a trailing comma", '{"callId":"c1",}'],
  ["NaN", '{"callId":NaN}'],
  ["a form", "callId=c1&event=ringing"],
  ["XML", "<event/>"],
];

function publishedCount(): number {
  return ["voice.sip.events", "voice.contact.events"].flatMap((topic) =>
    bus.records(topic),
  ).length;
}

let before = 0;
beforeEach(() => {
  before = publishedCount();
});

async function expectProblem(
  answer: Response,
  status: number,
  more: object = {},
): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toContain(
    "application/problem+json",
  );
  expect(await answer.json()).toMatchObject({ status, ...more });
  expect(publishedCount()).toBe(before);
}

/** Nothing at all is taken for an event without any field; the rest is no JSON of ours. */
function whatIsWrongWith(body: string): object {
  if (body !== "") return { code: "invalid_json" };
  const fields = ["callId", "event", "timestamp"];
  return {
    code: "invalid_request",
    errors: fields.map((field) => expect.objectContaining({ field })),
  };
}

describe("a body that is not an event", () => {
  test.each(broken)(
    "%s is refused, naming the field",
    async (_, body, field) => {
      await expectProblem(await ingress.send(body), 400, {
        code: "invalid_request",
        errors: expect.arrayContaining([expect.objectContaining({ field })]),
      });
    },
  );

  test.each(brokenJson)("%s is not JSON", async (_, body) => {
    const answer = await ingress.send(body);
    await expectProblem(answer, 400, whatIsWrongWith(body));
  });

  test("each of them in one batch is refused by itself", async () => {
    const items = broken
      .map(([, body]) => body)
      .filter((body) => typeof body !== "string" && !Array.isArray(body));
    const answer = await ingress.send(items);
    expect(answer.status).toBe(207);
    const answers = (await answer.json()) as { status: number }[];
    expect(answers.map(({ status }) => status)).toEqual(items.map(() => 400));
    expect(publishedCount()).toBe(before);
  });
});

describe("a request that is not one", () => {
  test("over 64 KiB is refused, whether it says so or not", async () => {
    const body = withPayload(JSON.stringify("x".repeat(64 * 1_024)));
    await expectProblem(await ingress.send(body), 413, {
      code: "body_too_large",
    });
    const packed = await fetch(`${ingress.url}/sip/events`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        "content-encoding": "gzip",
      },
      body: gzipSync(body),
    });
    await expectProblem(packed, 413);
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json; charset=klingon", 415],
  ])("of type %s is refused with %d", async (type, status) => {
    const answer = await ingress.send(good, { "content-type": type });
    await expectProblem(answer, status);
  });

  test.each([
    ["none", ""],
    ["another scheme", `Basic ${TOKEN}`],
    ["a wrong token", "Bearer kigali-parts-token-for-test5"],
    ["a longer token", `Bearer ${TOKEN}x`],
    ["no token", "Bearer "],
    ["two tokens", `Bearer ${TOKEN} ${TOKEN}`],
  ])(
    "with %s for its token is refused before it is read",
    async (_, authorization) => {
      const answer = await ingress.send("{", { authorization });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      await expectProblem(answer, 401, { code: "unauthorized" });
    },
  );

  test("with an Idempotency-Key that is too long, or one for a whole batch, is refused", async () => {
    await expectProblem(
      await ingress.send(good, { "idempotency-key": "k".repeat(513) }),
      400,
      { errors: [expect.objectContaining({ field: "idempotency-key" })] },
    );
    await expectProblem(
      await ingress.send([good], { "idempotency-key": "k" }),
      400,
    );
  });

  test("of another method or path is not there", async () => {
    const answer = await fetch(`${ingress.url}/sip/events`);
    await expectProblem(answer, 404);
  });
});

test("a tenant that sends more than its rate is told when to come again", async () => {
  const clock = new ManualClock(NOW);
  const limited = await RunningIngress.start({
    bus: createMemoryBus(),
    store: createMemoryStore(),
    clock,
    env: { SIP_RATE_PER_SECOND: "2" },
  });
  const statuses = async (bodies: unknown[]): Promise<number[]> => {
    const all: number[] = [];
    for (const body of bodies) all.push((await limited.send(body)).status);
    return all;
  };
  const send = (count: number) =>
    statuses(Array.from({ length: count }, () => good));
  try {
    expect(await send(5)).toEqual([202, 202, 202, 202, 429]);
    const refused = await limited.send(good);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ code: "rate_limited" });
    const other = await limited.send(good, {
      authorization: "Bearer musanze-farm-token-for-tests",
    });
    expect(other.status).toBe(202);
    clock.advance(1_000);
    expect(await send(3)).toEqual([202, 202, 429]);
    // A batch counts as what is in it, and what it owes is waited for.
    clock.advance(2_000);
    expect(
      await statuses([Array.from({ length: 10 }, () => good), good]),
    ).toEqual([207, 429]);
    const owing = await limited.send(good);
    expect(owing.headers.get("retry-after")).toBe("4");
  } finally {
    await limited.close();
  }
});
