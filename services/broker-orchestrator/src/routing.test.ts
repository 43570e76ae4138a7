import { describe, expect, test } from "@jest/globals";
import { partitionOf } from "@easymo/messaging";
import {
  callConnected,
  callOptOut,
  callStart,
  callStop,
  intent,
  newPhone,
  OTHER_TENANT,
  OUR_NUMBER,
  paymentPrompt,
  received,
  TENANT,
  transcript,
} from "./testing/events.js";
import { agentCoreOf } from "./testing/running.js";
import { stageForEach } from "./testing/stage.js";

/** What comes in on any topic, and what goes out for it; everything real but Kafka, Redis and the three services. */

const stage = stageForEach();

describe("an intent", () => {
  test("goes to the ranking, the buyer service and the wallet, and its offers to everybody and to the person", async () => {
    const phone = newPhone();
    const wish = intent(phone);
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const forwarded = await stage.log.next("ranking.forwarded");
    const { intentId } = wish.data;
    expect(forwarded.data).toMatchObject({
      intentId,
      rankingId: `ranking-${intentId}`,
      reservationId: `reservation-${intentId}`,
      contact: phone,
      candidates: [{ vendorId: "vendor-1", price: 12_000 }],
    });
    const { buyerId } = forwarded.data;
    expect(stage.standIn.done(/^\/rankings$/)[0]?.body).toMatchObject({
      intentId,
      name: "order",
      slots: { item: "brake pads" },
      contact: phone,
    });
    expect(
      stage.standIn.done(new RegExp(`^/buyers/${buyerId}/rankings$`))[0]?.body,
    ).toMatchObject({
      intentId,
      rankingId: `ranking-${intentId}`,
      candidates: [{ vendorId: "vendor-1" }],
    });
    expect(
      stage.standIn.done(/^\/wallet\/reservations$/)[0]?.body,
    ).toMatchObject({
      buyerId,
      intentId,
      amount: 12_000,
      currency: "RWF",
    });
    const keys = stage.standIn.requests.map(({ key }) => key);
    expect(keys.every((key) => key !== undefined)).toBe(true);
    const answer = await stage.log.next("message.send");
    expect(answer.data).toMatchObject({
      to: phone,
      purpose: "ranking",
      kind: "text",
      text: expect.stringContaining("Kimironko Moto Parts: 12000 RWF"),
    });
    const { lead } = await agentCoreOf(stage.agentCoreUrl).fetchLead({ phone });
    expect(lead?.phone).toBe(phone);
  });

  test("is taken once, however often it comes, and under whichever event's repeat", async () => {
    const wish = intent(newPhone());
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    await stage.log.next("ranking.forwarded");
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const last = intent(newPhone());
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", last);
    await stage.log.next(
      "ranking.forwarded",
      ({ data }) => data.intentId === last.data.intentId,
    );
    const ofWish = ({ data }: { data: { intentId: string } }): boolean =>
      data.intentId === wish.data.intentId;
    expect(stage.log.of("ranking.forwarded").filter(ofWish)).toHaveLength(1);
    expect(
      stage.standIn.requests.filter(
        ({ path, body }) =>
          path === "/wallet/reservations" &&
          body.intentId === wish.data.intentId,
      ),
    ).toHaveLength(1);
  });

  test("of a call is told as an event, and on WhatsApp only to who may be written to", async () => {
    const [silent, writer] = [newPhone(), newPhone()];
    await stage.orchestrator.bus.publishEvent(
      "whatsapp.inbound",
      received(writer, "Muraho", { kind: "image", text: " " }),
    );
    await stage.log.next(
      "conversation.updated",
      ({ data }) => data.contact === writer,
    );
    for (const phone of [silent, writer]) {
      const wish = intent(phone, {
        userId: undefined,
        callId: `CA-${phone}`,
        channel: "voice",
        from: phone,
      });
      await stage.orchestrator.bus.publishEvent("voice.contact.events", wish);
      const told = await stage.log.next(
        "ranking.forwarded",
        ({ data }) => data.intentId === wish.data.intentId,
      );
      expect(told.data).toMatchObject({
        contact: phone,
        callId: `CA-${phone}`,
      });
    }
    const written = await stage.log.next("message.send");
    expect(written.data).toMatchObject({ to: writer, purpose: "ranking" });
    expect(
      stage.log.of("message.send").filter(({ data }) => data.to === silent),
    ).toEqual([]);
  });

  test("is answered also when the services say no more than they must", async () => {
    stage.standIn.candidates = [{ vendorId: "v7" }];
    stage.standIn.isTerse = true;
    const phone = newPhone();
    const wish = intent(phone, { slots: { item: "chain", amount: 4_000 } });
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data).toMatchObject({
      intentId: wish.data.intentId,
      candidates: [{ vendorId: "v7", name: "v7", price: 0, currency: "RWF" }],
    });
    expect(
      stage.standIn.done(/^\/wallet\/reservations$/)[0]?.body,
    ).toMatchObject({
      amount: 4_000,
      currency: "RWF",
    });
    expect(stage.log.deadLetters).toEqual([]);
  });

  test("whose wallet is empty is answered all the same, without a reservation", async () => {
    stage.standIn.walletRefusal = { status: 409, code: "insufficient_funds" };
    const phone = newPhone();
    await stage.orchestrator.bus.publishEvent(
      "whatsapp.inbound",
      intent(phone),
    );
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data.reservationId).toBeUndefined();
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    expect(
      stage.standIn.requests.filter(({ path }) => path.startsWith("/wallet")),
    ).toHaveLength(1);
    expect(stage.log.deadLetters).toEqual([]);
  });

  test("whose step fails is tried again under the same keys, and holds up nobody else's", async () => {
    const [unlucky, lucky] = [newPhone(), newPhone()];
    const wish = intent(unlucky);
    let failures = 0;
    const isUnlucky = new Set<string>();
    stage.standIn.delays = ({ path, body }) => {
      if (
        path === "/wallet/reservations" &&
        body.intentId === wish.data.intentId
      )
        isUnlucky.add(path);
      return Promise.resolve();
    };
    stage.standIn.fails = ({ path }) =>
      isUnlucky.delete(path) && ++failures <= 2;
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const other = intent(lucky);
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", other);
    const first = await stage.log.next("ranking.forwarded");
    expect(first.data.intentId).toBe(other.data.intentId);
    const second = await stage.log.next(
      "ranking.forwarded",
      ({ data }) => data.intentId === wish.data.intentId,
    );
    expect(second.data.reservationId).toBe(`reservation-${wish.data.intentId}`);
    const tries = stage.standIn.requests.filter(
      ({ path, body }) =>
        path === "/wallet/reservations" && body.intentId === wish.data.intentId,
    );
    expect(tries.map(({ status }) => status)).toEqual([500, 500, 200]);
    expect(new Set(tries.map(({ key }) => key)).size).toBe(1);
    // What was done before the failure is not done again.
    expect(
      stage.standIn.requests.filter(
        ({ path, body }) =>
          path === "/rankings" && body.intentId === wish.data.intentId,
      ),
    ).toHaveLength(1);
  });

  test("of somebody whose wallet is slow holds up nobody of the same partition", async () => {
    const place = (phone: string): number =>
      partitionOf(`${TENANT}:${phone}`, 6);
    const slow = newPhone();
    const others: string[] = [];
    while (others.length < 5) {
      const phone = newPhone();
      if (place(phone) === place(slow)) others.push(phone);
    }
    const wish = intent(slow);
    const gate = Promise.withResolvers<void>();
    stage.standIn.delays = ({ path, body }) =>
      path.startsWith("/wallet") && body.intentId === wish.data.intentId
        ? gate.promise
        : Promise.resolve();
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    for (const phone of others)
      await stage.orchestrator.bus.publishEvent(
        "whatsapp.inbound",
        intent(phone),
      );
    for (const phone of others)
      await stage.log.next(
        "ranking.forwarded",
        ({ data }) => data.contact === phone,
      );
    expect(
      stage.log
        .of("ranking.forwarded")
        .some(({ data }) => data.contact === slow),
    ).toBe(false);
    gate.resolve();
    await stage.log.next(
      "ranking.forwarded",
      ({ data }) => data.contact === slow,
    );
  });

  test("that cannot be finished lies in the dead letters with the reason, and goes on from there when it is played again", async () => {
    const phone = newPhone();
    const wish = intent(phone);
    stage.standIn.fails = ({ path }) => path === "/wallet/reservations";
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const dead = await stage.log.deadLetter(
      ({ headers }) => headers.ce_id === wish.id,
    );
    expect(dead.headers).toMatchObject({
      "x-origin-topic": "whatsapp.inbound",
      "x-attempt": "3",
      "x-error": expect.stringContaining("AgentCoreError"),
    });
    // The person is told what was found: that is not the wallet's to decide.
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    stage.standIn.fails = () => false;
    const { key, value, headers } = dead;
    const original = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !name.startsWith("x-")),
    );
    await stage.orchestrator.bus.publish([
      { topic: "whatsapp.inbound", key, value, headers: original },
    ]);
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data.intentId).toBe(wish.data.intentId);
    expect(
      stage.standIn.requests.filter(({ path }) => path === "/rankings"),
    ).toHaveLength(1);
    expect(
      stage.log.of("message.send").filter(({ data }) => data.to === phone),
    ).toHaveLength(1);
  });
});

describe("an opt-out", () => {
  test("said on a call reaches the registry and everybody, and nothing goes out to the person on any channel", async () => {
    const phone = newPhone();
    const { bus } = stage.orchestrator;
    await bus.publishEvent("whatsapp.inbound", received(phone, "Hello"));
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    await bus.publishEvent("voice.contact.events", callOptOut(phone, "CA-out"));
    const told = await stage.log.next("opt_out.registered");
    expect(told.data).toMatchObject({ contact: phone, channel: "voice" });
    const status = await agentCoreOf(stage.agentCoreUrl).optOut(phone);
    expect(status).toMatchObject({ optedOut: true, channel: "voice" });
    const before = stage.log.of("message.send").length;
    await bus.publishEvent("whatsapp.inbound", received(phone, "Hello again"));
    const wish = intent(phone);
    await bus.publishEvent("whatsapp.inbound", wish);
    await bus.publishEvent("voice.contact.events", paymentPrompt(phone, "CA2"));
    await stage.log.next(
      "payment.requested",
      ({ data }) => data.contact === phone,
    );
    const other = newPhone();
    await bus.publishEvent("whatsapp.inbound", received(other, "Hello"));
    await stage.log.next("message.send", ({ data }) => data.to === other);
    expect(stage.log.of("message.send")).toHaveLength(before + 1);
    expect(stage.standIn.requests).toEqual([]);
  });

  test("that only the registry knows of keeps everything from going out too", async () => {
    const phone = newPhone();
    await agentCoreOf(stage.agentCoreUrl).registerOptOut(
      { phone, channel: "manual" },
      { idempotencyKey: `manual-${phone}` },
    );
    const { bus } = stage.orchestrator;
    await bus.publishEvent("whatsapp.inbound", received(phone, "Hello"));
    await bus.publishEvent("whatsapp.inbound", intent(phone));
    await stage.log.next("lead.updated", ({ data }) => data.contact === phone);
    const other = newPhone();
    await bus.publishEvent("whatsapp.inbound", received(other, "Hello"));
    await stage.log.next("message.send", ({ data }) => data.to === other);
    expect(
      stage.log.of("message.send").filter(({ data }) => data.to === phone),
    ).toEqual([]);
    expect(stage.standIn.requests).toEqual([]);
  });

  test("cancels what is on its way to the person", async () => {
    const phone = newPhone();
    const { bus } = stage.orchestrator;
    const gate = Promise.withResolvers<void>();
    stage.standIn.delays = ({ path }) =>
      path.endsWith("/rankings") && path !== "/rankings"
        ? gate.promise
        : Promise.resolve();
    await bus.publishEvent("whatsapp.inbound", intent(phone));
    await stage.standIn.seen((path) => path === "/wallet/reservations");
    await bus.publishEvent("voice.contact.events", callOptOut(phone, "CA3"));
    await stage.log.next("opt_out.registered");
    gate.resolve();
    const other = newPhone();
    await bus.publishEvent("whatsapp.inbound", intent(other));
    await stage.log.next("message.send", ({ data }) => data.to === other);
    expect(
      stage.log.of("message.send").filter(({ data }) => data.to === phone),
    ).toEqual([]);
  });
});

describe("a call", () => {
  /** Lets someone be written to: they wrote first. */
  async function write(phone: string): Promise<void> {
    await stage.orchestrator.bus.publishEvent(
      "whatsapp.inbound",
      received(phone, "", { kind: "image", text: undefined }),
    );
    await stage.log.next(
      "conversation.updated",
      ({ data }) => data.contact === phone,
    );
  }

  test("that asked for a payment is followed by its code on WhatsApp, under the key that the phone side uses", async () => {
    const phone = newPhone();
    await write(phone);
    const prompt = paymentPrompt(phone, "CA4");
    await stage.orchestrator.bus.publishEvent("voice.contact.events", prompt);
    await stage.orchestrator.bus.publishEvent(
      "voice.contact.events",
      intent(phone, { userId: undefined, callId: "CA4", channel: "voice" }),
    );
    const sent = await stage.log.next(
      "message.send",
      ({ data }) => data.purpose === "payment",
    );
    expect(sent.data).toMatchObject({
      to: phone,
      dedupeKey: `payment:${prompt.data.paymentId}`,
      text: expect.stringContaining("*182*8*1*012345*5000#"),
    });
    await stage.orchestrator.bus.publishEvent(
      "voice.contact.events",
      callStop(phone, "CA4"),
    );
    const summary = await stage.log.next(
      "message.send",
      ({ data }) => data.purpose === "notice",
    );
    expect(summary.data).toMatchObject({
      to: phone,
      callId: "CA4",
      dedupeKey: "call:CA4:follow-up",
      text: "Thank you for calling.\nYou asked for: brake pads.",
    });
  });

  test("that was missed, or cut off, is followed up once", async () => {
    const { bus } = stage.orchestrator;
    const [missed, cut] = [newPhone(), newPhone()];
    await write(missed);
    await write(cut);
    await bus.publishEvent("voice.contact.events", callStart(missed, "CA5"));
    await bus.publishEvent(
      "voice.contact.events",
      callStop(missed, "CA5", "no-answer", 0),
    );
    await bus.publishEvent(
      "voice.contact.events",
      callStop(missed, "CA5", "no-answer", 0),
    );
    await bus.publishEvent("voice.contact.events", callStart(cut, "CA6"));
    await bus.publishEvent("voice.contact.events", callConnected(cut, "CA6"));
    await bus.publishEvent(
      "voice.contact.events",
      callStop(cut, "CA6", "connection_lost", 9_000),
    );
    const first = await stage.log.next(
      "message.send",
      ({ data }) => data.to === missed,
    );
    const second = await stage.log.next(
      "message.send",
      ({ data }) => data.to === cut,
    );
    expect(
      [first, second].map(({ data }) => ("text" in data ? data.text : "")),
    ).toEqual([
      expect.stringContaining("missed your call"),
      expect.stringContaining("cut off"),
    ]);
    const last = newPhone();
    await write(last);
    expect(stage.log.of("message.send")).toHaveLength(2);
  });

  test("is known on WhatsApp: its words and its payment are part of the next turn", async () => {
    const phone = newPhone();
    const { bus } = stage.orchestrator;
    await bus.publishEvent("voice.contact.events", callStart(phone, "CA7"));
    await bus.publishEvent(
      "voice.media.events",
      transcript(phone, "CA7", "user", "I want to pay for the chain"),
    );
    await bus.publishEvent("voice.contact.events", paymentPrompt(phone, "CA7"));
    await stage.log.next(
      "payment.requested",
      ({ data }) => data.contact === phone,
    );
    await bus.publishEvent(
      "whatsapp.inbound",
      received(phone, "Please send me the payment code again"),
    );
    const sent = await stage.log.next(
      "message.send",
      ({ data }) => data.to === phone && data.purpose === "reply",
    );
    expect(sent.data).toMatchObject({
      text: expect.stringContaining("*182*8*1*012345*5000#"),
    });
    const { data } = await stage.log.next(
      "conversation.updated",
      (one) => one.data.lastEventType === "message.received",
    );
    expect(data.channels).toEqual(["voice", "whatsapp"]);
  });

  test("that someone asks for on WhatsApp is placed, and they are told", async () => {
    const phone = newPhone();
    const wish = received(phone, "Please call me");
    await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const sent = await stage.log.next("message.send");
    expect(sent.data).toMatchObject({
      to: phone,
      text: expect.stringContaining("calling you"),
    });
    expect(stage.standIn.done(/^\/calls$/).map(({ body }) => body)).toEqual([
      { tenantId: TENANT, to: phone, agent: "sales" },
    ]);
  });

  test("of somebody who withholds their number is a conversation of its own", async () => {
    const wish = intent("anonymous", {
      userId: undefined,
      callId: "CA8",
      contact: "CA8",
      channel: "voice",
      to: OUR_NUMBER,
    });
    await stage.orchestrator.bus.publishEvent("voice.contact.events", wish);
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data).toMatchObject({ contact: "CA8", callId: "CA8" });
    expect(stage.log.of("message.send")).toEqual([]);
  });
});

describe("one person's names", () => {
  test("become one conversation when a lead has both, and never another tenant's", async () => {
    const phone = newPhone();
    const userId = `BR.${phone.slice(1)}`;
    const { bus } = stage.orchestrator;
    await agentCoreOf(stage.agentCoreUrl).logLead(
      { phone, userId },
      { idempotencyKey: `lead-${phone}` },
    );
    await bus.publishEvent("voice.contact.events", callStart(phone, "CA9"));
    const byPhone = await stage.log.next(
      "conversation.updated",
      ({ data }) => data.contact === phone,
    );
    await bus.publishEvent(
      "whatsapp.inbound",
      intent(userId, { userId, contact: userId }),
    );
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data).toMatchObject({ contact: phone, userId, phone });
    await bus.publishEvent(
      "whatsapp.inbound",
      received(phone, "Hello", { userId, phone: undefined }),
    );
    const joined = await stage.log.next(
      "conversation.updated",
      ({ data }) => data.lastEventType === "message.received",
    );
    expect(joined.data).toMatchObject({ contact: phone, userId });
    expect(joined.data.channels).toEqual(["voice", "whatsapp"]);
    expect(joined.data.conversationId).not.toBe("");
    expect(byPhone.data.conversationId).not.toBe("");
    await bus.publishEvent(
      "whatsapp.inbound",
      received(phone, "Hello", {
        tenantId: OTHER_TENANT,
        agent: "food",
        to: "206540352242922",
        phoneNumberId: "206540352242922",
      }),
    );
    const other = await stage.log.next(
      "conversation.updated",
      (one) => one.tenantId === OTHER_TENANT,
    );
    expect(other.data.channels).toEqual(["whatsapp"]);
  });
});
