import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { testEvent } from "../test-support.js";
import { topicCatalogue } from "../topics/catalogue.generated.js";
import { keyOf } from "../topics/keys.js";
import { decodeEvent, encodeEvent } from "./cloud-events.js";
import { createEvent, deriveEventId, type EasymoEvent } from "./event.js";
import { createRecord, recordOf } from "./records.js";
import { eventSchemas, eventTypes, isEventType } from "./schemas.js";

const AT = "2026-03-01T08:30:00.123+02:00";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const number = fc.nat(100_000);
/** Parsing drops `__proto__`, as it should. */
const memberName = text.filter((name) => name !== "__proto__");
const json = fc
  .jsonValue()
  .filter((value) => !JSON.stringify(value).includes('"__proto__"'));

const anyEvent: fc.Arbitrary<EasymoEvent> = fc.oneof(
  fc
    .record({
      text,
      itemId: text,
      interrupted: fc.boolean(),
      heardMs: fc.option(number, { nil: undefined }),
    })
    .map(({ heardMs, ...data }) =>
      createEvent("media.transcript", {
        ...envelope,
        data: {
          ...call,
          role: "user",
          ...data,
          ...(heardMs === undefined ? {} : { heardMs }),
        },
      }),
    ),
  fc
    .record({
      reason: text,
      usage: fc.dictionary(memberName, number, { noNullPrototype: true }),
      p50: fc.option(number),
    })
    .map(({ reason, usage, p50 }) =>
      createEvent("call.stop", {
        ...envelope,
        data: {
          ...call,
          reason,
          durationMs: 1,
          usage,
          latency: { turns: 1, p50, p95: null, max: null },
        },
      }),
    ),
  fc
    .record({
      slots: fc.dictionary(memberName, json, { noNullPrototype: true }),
      contact: text,
      confidence: fc.constantFrom(0, 0.5, 1),
    })
    .map(({ slots, ...data }) =>
      createEvent("intent.captured", {
        ...envelope,
        data: {
          ...call,
          intentId: "i",
          name: "buy_part",
          language: "rw",
          channel: "voice",
          // Through JSON, which has no -0.
          slots: z
            .record(z.string(), z.json())
            .parse(JSON.parse(JSON.stringify(slots))),
          ...data,
        },
      }),
    ),
  fc.record({ body: text, dedupeKey: text }).map(({ body, dedupeKey }) =>
    createEvent("message.send", {
      ...envelope,
      data: {
        tenantId: "t",
        userId: "u",
        to: "+250780000001",
        at: AT,
        dedupeKey,
        purpose: "reply",
        kind: "text",
        text: body,
      },
    }),
  ),
);

const call = { callId: "CA1", tenantId: "t", agent: "sales", at: AT };
const envelope = { tenantId: "t", source: "/test", requestId: "r" };

describe("an event", () => {
  test("comes back from its record as it was", () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const { headers, value } = encodeEvent(event);
        expect(decodeEvent({ headers, value })).toEqual(event);
      }),
    );
  });

  test("is CloudEvents 1.0 in binary mode", () => {
    const event = createEvent("call.dtmf", {
      ...envelope,
      id: "id-1",
      subject: "CA1",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      data: { ...call, digit: "#" },
    });
    const { headers, value } = encodeEvent(event);
    expect(headers).toEqual({
      ce_specversion: "1.0",
      ce_id: "id-1",
      ce_source: "/test",
      ce_type: "call.dtmf",
      ce_time: AT,
      ce_subject: "CA1",
      ce_tenantid: "t",
      ce_requestid: "r",
      "content-type": "application/json",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(JSON.parse(value.toString())).toEqual({ ...call, digit: "#" });
  });

  test.each([
    ["an unknown field", { ...call, digit: "1", colour: "red" }, "colour"],
    ["a field of the wrong kind", { ...call, digit: "15" }, "digit"],
    [
      "another tenant than the envelope's",
      { ...call, tenantId: "other", digit: "1" },
      "tenantId",
    ],
    ["a time that is none", { ...call, at: "yesterday", digit: "1" }, "at"],
  ])("with %s is not made, and the error names the field", (_, data, field) => {
    expect(() => createEvent("call.dtmf", { ...envelope, data })).toThrow(
      field,
    );
    expect(() =>
      encodeEvent({ ...testEvent("CA1", "1"), tenantId: "t", data }),
    ).toThrow(field);
  });

  test("with an unknown field deep inside is not made either", () => {
    const latency = { turns: 0, p50: null, p95: null, max: null, p99: 1 };
    expect(() =>
      createEvent("call.stop", {
        ...envelope,
        data: { ...call, reason: "hangup", durationMs: 1, usage: {}, latency },
      }),
    ).toThrow("latency.p99");
  });

  test("with fields of a newer version is read, without them", () => {
    const { headers, value } = encodeEvent(testEvent("CA1", "1"));
    const newer = Buffer.from(
      JSON.stringify({
        ...(JSON.parse(value.toString()) as object),
        mood: "good",
      }),
    );
    expect(
      decodeEvent({ headers: { ...headers, ce_new: "x" }, value: newer }),
    ).toEqual(testEvent("CA1", "1"));
  });

  // Whoever publishes here need not know more than what is promised outside.
  const promised: Readonly<Record<string, object>> = {
    "call.start": {},
    "call.connected": {},
    "call.dtmf": { digit: "1" },
    "call.opt_out": {
      phone: "+250780000002",
      via: "speech",
      phrase: "stop calling me",
    },
    "call.payment_prompt": {
      method: "momo_ussd",
      region: "rw",
      amount: 5_000,
      currency: "RWF",
      ussd: "*182*8*1*000000*5000#",
      spoken: "star one eight two",
      language: "en",
    },
    "call.transfer": {},
    "call.stop": {
      reason: "hangup",
      durationMs: 1,
      usage: { input: 1 },
      latency: { p50: 1, p95: 2, max: 3 },
    },
    "intent.captured": {
      intentId: "i",
      name: "buy_part",
      confidence: 1,
      slots: {},
      language: "en",
      channel: "voice",
      contact: "+250780000002",
    },
    "media.transcript": {
      role: "user",
      text: "hello",
      itemId: "i",
      interrupted: false,
    },
    "sip.ringing": {},
    "sip.connected": {},
    "sip.audio": {},
    "sip.dtmf": {},
    "sip.ended": {},
    "message.received": {
      messageId: "m",
      userId: "u",
      name: "Ana",
      kind: "text",
      text: "hello",
    },
    "message.opt_out": { userId: "u" },
    "message.opt_in": { userId: "u" },
    "message.send": {
      to: "+250780000002",
      kind: "text",
      text: "hello",
      dedupeKey: "d",
    },
  };
  const common = {
    callId: "CA1",
    tenantId: "t",
    from: "+250780000002",
    to: "+250780000001",
    at: AT,
  };

  test.each(Object.entries(promised))(
    "of the type %s is read with no more than what it is promised to carry",
    (type, data) => {
      const headers = {
        ce_specversion: "1.0",
        ce_id: "e",
        ce_source: "/elsewhere",
        ce_type: type,
        ce_tenantid: "t",
      };
      const value = Buffer.from(JSON.stringify({ ...common, ...data }));
      expect(decodeEvent({ headers, value })).toMatchObject({
        id: "e",
        requestId: "e",
        time: AT,
        type,
        data: { at: AT, ...data },
      });
    },
  );

  test("whatever comes off the wire is either an event or a malformed record", () => {
    const { headers, value } = encodeEvent(testEvent("CA1", "1"));
    const someHeaders = fc.dictionary(
      fc.constantFrom(...Object.keys(headers)),
      fc.string(),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(
        someHeaders,
        fc.uint8Array(),
        fc.boolean(),
        (broken, bytes, whole) => {
          const record = {
            headers: { ...headers, ...broken },
            value: whole ? value : Buffer.from(bytes),
          };
          try {
            expect(isEventType(decodeEvent(record).type)).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({
              name: "MalformedRecordError",
              retryable: false,
            });
          }
        },
      ),
    );
  });

  test("that is too large for its topic is refused when its record is made", () => {
    const event = createEvent("sip.dtmf", {
      ...envelope,
      data: { ...call, timestamp: AT, payload: "x".repeat(1_000_000) },
    });
    expect(() => recordOf("voice.sip.events", event)).toThrow("bytes");
  });
});

describe("a record of a new event", () => {
  const init = {
    id: "the-event",
    tenantId: "kigali-parts",
    source: "/test",
    requestId: "the-request",
    data: {
      callId: "call-1",
      tenantId: "kigali-parts",
      at: AT,
      timestamp: AT,
      payload: { digit: "5" },
    },
  };

  test("is that of the event", () => {
    expect(createRecord("voice.sip.events", "sip.dtmf", init)).toEqual(
      recordOf("voice.sip.events", createEvent("sip.dtmf", init)),
    );
  });

  test("is not made of data that an event could not have, nor for another topic", () => {
    const wrong = { ...init, data: { ...init.data, callId: "" } };
    expect(() => createRecord("voice.sip.events", "sip.dtmf", wrong)).toThrow(
      "callId",
    );
    expect(() =>
      createRecord("voice.contact.events", "sip.dtmf", init),
    ).toThrow("does not belong on");
  });
});

describe("an id derived from a request", () => {
  test("is the same for the same parts and another for any others", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (one, two) => {
        const same = JSON.stringify(one) === JSON.stringify(two);
        expect(deriveEventId(...one) === deriveEventId(...two)).toBe(same);
      }),
    );
    expect(deriveEventId("ab", "c")).not.toBe(deriveEventId("a", "bc"));
  });

  test("is a UUID of version 8", () => {
    expect(deriveEventId("tenant", "call", "ringing")).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(deriveEventId("a", "b")).toBe(
      "16275ef0-f5d0-8b9d-99e0-a53277549fda",
    );
  });
});

describe("topics and types", () => {
  test("every type is on a topic, and every topic's types have a schema", () => {
    const declared = new Set(
      topicCatalogue.flatMap(
        ({ eventTypes: types }): readonly string[] => types,
      ),
    );
    declared.delete("*");
    expect([...declared].sort()).toEqual([...eventTypes].sort());
    expect(Object.keys(eventSchemas)).toHaveLength(eventTypes.length);
  });

  test("the key is what the topic says", () => {
    expect(keyOf("voice.contact.events", testEvent("CA7", "1"))).toBe("CA7");
    const optOut = createEvent("opt_out.registered", {
      ...envelope,
      data: {
        tenantId: "t",
        contact: "+250780000001",
        at: AT,
        channel: "voice",
        registeredAt: AT,
      },
    });
    expect(keyOf("broker.outbound", optOut)).toBe("t:+250780000001");
    const received = createEvent("message.received", {
      ...envelope,
      data: {
        tenantId: "t",
        userId: "u1",
        at: AT,
        messageId: "m",
        phoneNumberId: "p",
        kind: "text",
        text: "hi",
      },
    });
    expect(keyOf("whatsapp.inbound", received)).toBe("t:u1");
    expect(() => keyOf("voice.contact.events", received)).toThrow(
      "does not belong",
    );
    expect(() => keyOf("broker.dlq", received)).toThrow("as they were");
  });

  test("a message to send needs no user id: it goes by whom it is to", () => {
    const value = Buffer.from(
      JSON.stringify({
        tenantId: "t",
        to: "+250788000001",
        kind: "text",
        text: "hello",
        dedupeKey: "d",
        at: AT,
      }),
    );
    const headers = {
      ce_specversion: "1.0",
      ce_id: "e",
      ce_source: "/elsewhere",
      ce_type: "message.send",
      ce_time: AT,
      ce_tenantid: "t",
      ce_requestid: "r",
      "content-type": "application/json",
    };
    const event = decodeEvent({ headers, value });
    expect(event.data).toMatchObject({ purpose: "reply", text: "hello" });
    expect(keyOf("whatsapp.outbound", event)).toBe("t:+250788000001");
  });

  test.each([
    ["text", { text: { body: "hello" } }, { text: "hello" }],
    [
      "template",
      { template: { name: "welcome", language: { code: "rw" } } },
      { template: { name: "welcome", language: "rw" } },
    ],
  ])(
    "a %s to send may be as Meta writes it, and leave out what the attributes say",
    (kind, content, read) => {
      const value = Buffer.from(
        JSON.stringify({
          to: "+250788000001",
          kind,
          ...content,
          dedupeKey: "d",
        }),
      );
      const headers = {
        ce_specversion: "1.0",
        ce_id: "e",
        ce_source: "/elsewhere",
        ce_type: "message.send",
        ce_time: AT,
        ce_tenantid: "t",
      };
      expect(decodeEvent({ headers, value }).data).toMatchObject({
        ...read,
        tenantId: "t",
        at: AT,
      });
      expect(() =>
        decodeEvent({ headers: { ...headers, ce_time: "" }, value }),
      ).toThrow("at: ");
    },
  );

  test("an intent on a topic needs what that topic's key is made of", () => {
    const withoutCall = { tenantId: "t", agent: "sales", at: AT };
    const intent = createEvent("intent.captured", {
      ...envelope,
      data: {
        ...withoutCall,
        intentId: "i",
        name: "n",
        confidence: 1,
        slots: {},
        language: "en",
        channel: "voice",
        contact: "c",
      },
    });
    expect(() => keyOf("voice.contact.events", intent)).toThrow("callId");
    expect(() => keyOf("whatsapp.inbound", intent)).toThrow("userId");
  });
});
