import { deriveEventId, type EasymoEvent } from "@easymo/messaging";
import { systemClock } from "@easymo/service-kit";
import { describe, expect, test } from "@jest/globals";
import { DeadLetters } from "./dead-letters/dead-letters.js";
import {
  at,
  callConnected,
  callOptOut,
  callStart,
  callStop,
  event,
  intent,
  newPhone,
  OTHER_TENANT,
  OUR_SIP,
  paymentPrompt,
  received,
  TENANT,
  transcript,
} from "./testing/events.js";
import { agentCoreOf } from "./testing/running.js";
import { stageForEach } from "./testing/stage.js";
import type { TurnModel, TurnRequest } from "./turns/turn-model.js";

/** What people may expect who use more than one channel. */

/** What turns were asked of the model, and what it says. */
let turns: TurnRequest[];
let answer: Awaited<ReturnType<TurnModel["answer"]>>;

const stage = stageForEach(() => {
  turns = [];
  answer = { text: "Yes?", by: "model" };
  return {
    turns: {
      answer: async (turn) => {
        turns.push(turn);
        return answer;
      },
    },
  };
});

const happens = (...events: readonly EasymoEvent[]): Promise<void> =>
  stage.happens(...events);

/** What was sent to someone, once somebody else's turn, which began later, is answered. */
async function sentTo(contact: string) {
  const last = newPhone();
  await stage.orchestrator.bus.publishEvent(
    "whatsapp.inbound",
    received(last, "Hello"),
  );
  await stage.log.next("message.send", ({ data }) => data.to === last);
  return stage.log
    .of("message.send")
    .map(({ data }) => data)
    .filter(({ to }) => to === contact);
}

function ofOtherTenant(phone: string) {
  return {
    tenantId: OTHER_TENANT,
    agent: "food",
    from: phone,
    to: "+250780000002",
  };
}

function optOut(phone: string, more: { at?: string } = {}) {
  return event("message.opt_out", {
    tenantId: TENANT,
    userId: phone,
    phone,
    agent: "sales",
    at: at(),
    via: "text",
    phrase: "stop",
    language: "en",
    ...more,
  });
}

describe("a payment code of a call", () => {
  test("is not written to someone who never wrote, where there is no template", async () => {
    const phone = newPhone();
    await happens(callStart(phone, "CA1"), paymentPrompt(phone, "CA1"));
    await stage.log.next(
      "payment.requested",
      ({ data }) => data.contact === phone,
    );
    expect(await sentTo(phone)).toEqual([]);
  });

  test("is not written to someone who wrote more than a day ago", async () => {
    const phone = newPhone();
    await happens(
      received(phone, "", {
        kind: "image",
        text: undefined,
        at: at(-25 * 3_600),
      }),
      paymentPrompt(phone, "CA2"),
    );
    expect(await sentTo(phone)).toEqual([]);
  });

  test("is written where there is a template", async () => {
    const phone = newPhone();
    const prompt = paymentPrompt(phone, "CA3");
    await happens(
      event("call.payment_prompt", {
        ...prompt.data,
        ...ofOtherTenant(phone),
      }),
    );
    const sent = await stage.log.next(
      "message.send",
      ({ data }) => data.to === phone,
    );
    expect(sent.tenantId).toBe(OTHER_TENANT);
    expect(sent.data).toMatchObject({ purpose: "payment", agent: "food" });
  });

  test("is written once: what the call came to does not repeat it", async () => {
    const [payer, buyer] = [newPhone(), newPhone()];
    for (const phone of [payer, buyer]) {
      const callId = `CA-${phone}`;
      await happens(
        received(phone, "", { kind: "image", text: undefined }),
        callStart(phone, callId),
        callConnected(phone, callId),
      );
      if (phone === buyer)
        await happens(
          intent(phone, { userId: undefined, callId, channel: "voice" }),
        );
      await happens(paymentPrompt(phone, callId), callStop(phone, callId));
    }
    const code = "*182*8*1*012345*5000#";
    expect(await sentTo(payer)).toMatchObject([
      { purpose: "payment", text: `To pay 5,000 RWF, dial ${code}` },
    ]);
    const texts = (await sentTo(buyer)).flatMap((sent) =>
      "text" in sent ? [sent.text] : [],
    );
    expect(texts.filter((text) => text.includes(code))).toHaveLength(1);
    expect(texts).toContain(
      "Thank you for calling.\nYou asked for: brake pads.",
    );
  });

  test("that was not written is in what the call came to, once writing is allowed", async () => {
    const phone = newPhone();
    await happens(
      callStart(phone, "CA12"),
      callConnected(phone, "CA12"),
      paymentPrompt(phone, "CA12"),
      received(phone, "", { kind: "image", text: undefined }),
      callStop(phone, "CA12"),
    );
    expect(await sentTo(phone)).toMatchObject([
      {
        purpose: "notice",
        text: "Thank you for calling.\nTo pay 5,000 RWF, dial *182*8*1*012345*5000#",
      },
    ]);
  });

  test("is known on WhatsApp, also to those to whom it was not written", async () => {
    const phone = newPhone();
    await happens(callStart(phone, "CA4"), paymentPrompt(phone, "CA4"));
    await happens(received(phone, "and the code?"));
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    expect(turns.at(-1)?.facts).toEqual([
      "A payment of 5000 RWF was asked for: dial *182*8*1*012345*5000#.",
    ]);
  });
});

describe("what was said", () => {
  test("on the phone and on WhatsApp is one conversation, in order", async () => {
    const phone = newPhone();
    await happens(received(phone, "Do you have chains?"));
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    await happens(
      callStart(phone, "CA5"),
      callConnected(phone, "CA5"),
      transcript(phone, "CA5", "user", "for a Bajaj"),
      transcript(phone, "CA5", "assistant", "We do."),
      callStop(phone, "CA5"),
    );
    await happens(received(phone, "I am back"));
    await stage.log.next(
      "message.send",
      ({ data }) => data.to === phone && data.inReplyTo !== undefined,
    );
    const { history, text, facts } = turns.at(-1) ?? {};
    expect(text).toBe("I am back");
    expect(
      history?.map(({ role, text: said, channel }) => [role, said, channel]),
    ).toEqual([
      ["user", "Do you have chains?", "whatsapp"],
      ["assistant", "Yes?", "whatsapp"],
      ["user", "for a Bajaj", "voice"],
      ["assistant", "We do.", "voice"],
    ]);
    expect(facts).toEqual([
      expect.stringMatching(/^The last call, at .* ended/),
    ]);
  });

  test("to one tenant is not known to another", async () => {
    const phone = newPhone();
    await happens(received(phone, "my secret wish"));
    await happens(
      received(phone, "Hello", {
        tenantId: OTHER_TENANT,
        agent: "food",
        to: "206540352242922",
        phoneNumberId: "206540352242922",
      }),
    );
    await stage.log.next(
      "message.send",
      (one) => one.tenantId === OTHER_TENANT,
    );
    expect(turns.at(-1)).toMatchObject({ tenantId: OTHER_TENANT, history: [] });
  });
});

describe("someone who opted out", () => {
  test("on WhatsApp is not called, not even when they ask for it before they opt in again", async () => {
    const phone = newPhone();
    await happens(optOut(phone));
    await stage.log.next(
      "opt_out.registered",
      ({ data }) => data.contact === phone,
    );
    await happens(received(phone, "Please call me"));
    expect(await sentTo(phone)).toEqual([]);
    expect(stage.standIn.done(/^\/calls$/)).toEqual([]);
    await agentCoreOf(stage.agentCoreUrl).logLead(
      { phone, optIn: true },
      { idempotencyKey: `in-${phone}` },
    );
    await happens(
      event("message.opt_in", {
        tenantId: TENANT,
        userId: phone,
        phone,
        agent: "sales",
        at: at(1),
        via: "text",
      }),
      received(phone, "Please call me"),
    );
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    expect(stage.standIn.done(/^\/calls$/)).toHaveLength(1);
  });

  test("on the phone hears nothing on WhatsApp, and on WhatsApp nothing of a call", async () => {
    const [caller, writer] = [newPhone(), newPhone()];
    await happens(received(caller, "", { kind: "image", text: undefined }));
    await happens(
      callOptOut(caller, "CA6"),
      callStop(caller, "CA6", "opt_out"),
    );
    await happens(received(caller, "Hello"), intent(caller));
    await happens(received(writer, "", { kind: "image", text: undefined }));
    await happens(optOut(writer));
    await happens(
      callStart(writer, "CA7"),
      paymentPrompt(writer, "CA7"),
      callStop(writer, "CA7", "connection_lost", 5_000),
    );
    expect(await sentTo(caller)).toEqual([]);
    expect(await sentTo(writer)).toEqual([]);
    expect(stage.standIn.requests).toEqual([]);
  });

  test("at one tenant is answered by another", async () => {
    const phone = newPhone();
    await happens(optOut(phone));
    await happens(
      received(phone, "Hello", {
        tenantId: OTHER_TENANT,
        agent: "food",
        to: "206540352242922",
        phoneNumberId: "206540352242922",
      }),
    );
    const sent = await stage.log.next(
      "message.send",
      ({ data }) => data.to === phone,
    );
    expect(sent.tenantId).toBe(OTHER_TENANT);
  });

  test("under one name is not written to under another", async () => {
    const phone = newPhone();
    const userId = `RW.${phone.slice(1)}`;
    await happens(callOptOut(phone, "CA8"));
    await stage.log.next(
      "opt_out.registered",
      ({ data }) => data.contact === phone,
    );
    await happens(
      received(userId, "", {
        userId,
        phone: undefined,
        kind: "contacts",
        text: undefined,
        contacts: [{ phones: [phone], userId }],
      }),
    );
    await happens(received(userId, "Hello", { userId, phone: undefined }));
    expect(await sentTo(phone)).toEqual([]);
    expect(await sentTo(userId)).toEqual([]);
  });
});

describe("a person's names", () => {
  test("are joined by their own contact card: what was said on the phone is known", async () => {
    const phone = newPhone();
    const userId = `RW.${phone.slice(1)}`;
    await happens(
      callStart(phone, "CA9"),
      transcript(phone, "CA9", "user", "a battery, please"),
    );
    await happens(
      received(userId, "", {
        userId,
        phone: undefined,
        kind: "contacts",
        text: undefined,
        contacts: [{ phones: [phone], userId }],
      }),
      received(userId, "Any news?", { userId, phone: undefined }),
    );
    await stage.log.next("message.send", ({ data }) => data.to === phone);
    expect(turns.at(-1)).toMatchObject({
      contact: { phone, userId },
      history: [{ text: "a battery, please", channel: "voice" }],
    });
  });

  test("of a SIP caller are joined by the lead that has number and address", async () => {
    const phone = newPhone();
    const sip = `sip:aline${phone.slice(-6)}@pbx.example`;
    await agentCoreOf(stage.agentCoreUrl).logLead(
      { phone, userId: sip },
      { idempotencyKey: `lead-${phone}` },
    );
    await happens(received(phone, "", { kind: "image", text: undefined }));
    const callId = `sip-${phone}`;
    const ofCall = {
      tenantId: TENANT,
      callId,
      from: sip,
      to: OUR_SIP,
      agent: "sales",
      at: at(),
    };
    await happens(
      event("sip.ringing", { ...ofCall, timestamp: at() }),
      event("media.transcript", {
        ...ofCall,
        role: "user",
        text: "it is about my order",
        itemId: "item-1",
        interrupted: false,
      }),
      intent(sip, {
        userId: undefined,
        callId,
        from: sip,
        contact: sip,
        channel: "sip",
      }),
    );
    const forwarded = await stage.log.next("ranking.forwarded");
    expect(forwarded.data).toMatchObject({ phone });
    await happens(received(phone, "Me again"));
    await stage.log.next(
      "message.send",
      ({ data }) => data.to === phone && data.purpose === "reply",
    );
    expect(turns.at(-1)?.history).toContainEqual(
      expect.objectContaining({ text: "it is about my order", channel: "sip" }),
    );
  });
});

describe("a wish to be called", () => {
  test("that the model understood is fulfilled, once, though whatsapp-bot tells of it too", async () => {
    const phone = newPhone();
    answer = {
      text: "We call you.",
      by: "model",
      intent: { name: "call", slots: {}, confidence: 1 },
    };
    const wish = received(phone, "would you give me a ring");
    await happens(wish);
    await stage.standIn.seen((path) => path === "/calls");
    expect(turns[0]?.canCall).toBe(true);
    const { messageId } = wish.data;
    const id = deriveEventId("whatsapp", messageId, "intent");
    await happens(intent(phone, { name: "call" }, { id, subject: messageId }));
    expect(await sentTo(phone)).not.toEqual([]);
    expect(
      stage.standIn.done(/^\/calls$/).map(({ body }) => body.to),
    ).toContain(phone);
    expect(
      stage.standIn.requests.filter(({ body }) => body.to === phone),
    ).toHaveLength(1);
  });
});

describe("the lead of someone who calls", () => {
  const leadOf = async (phone: string) =>
    (await agentCoreOf(stage.agentCoreUrl).fetchLead({ phone })).lead;

  test("has the channel on which they were heard last, and keeps where it came from", async () => {
    const phone = newPhone();
    await happens(
      callStart(phone, "CA13"),
      callConnected(phone, "CA13"),
      callStop(phone, "CA13"),
    );
    expect(await leadOf(phone)).toMatchObject({
      source: "voice",
      lastChannel: "voice",
    });
    const known = newPhone();
    await agentCoreOf(stage.agentCoreUrl).logLead(
      { phone: known, source: "whatsapp", lastChannel: "whatsapp" },
      { idempotencyKey: `known-${known}` },
    );
    await happens(
      callStart(known, "CA14"),
      callConnected(known, "CA14"),
      callStop(known, "CA14"),
    );
    expect(await leadOf(known)).toMatchObject({ lastChannel: "voice" });
  });

  test("is not made by a call that nobody was on, nor by one that ended with an opt-out", async () => {
    const [missed, out] = [newPhone(), newPhone()];
    await happens(
      callStart(missed, "CA15"),
      callStop(missed, "CA15", "no-answer", 0),
      callStart(out, "CA16"),
      callConnected(out, "CA16"),
      callOptOut(out, "CA16"),
      callStop(out, "CA16", "opt_out"),
    );
    expect(await leadOf(missed)).toBeNull();
    expect((await leadOf(out))?.lastChannel ?? null).toBeNull();
  });
});

test("a call that was missed twice within minutes is followed up once", async () => {
  const phone = newPhone();
  await happens(received(phone, "", { kind: "image", text: undefined }));
  for (const callId of ["CA10", "CA11"])
    await happens(
      callStart(phone, callId),
      callStop(phone, callId, "no-answer", 0),
    );
  expect(await sentTo(phone)).toMatchObject([{ purpose: "notice" }]);
});

test("a dead letter that is replayed from outside goes on where it stood", async () => {
  const phone = newPhone();
  const wish = intent(phone);
  stage.standIn.fails = ({ path }) => path === "/wallet/reservations";
  await stage.orchestrator.bus.publishEvent("whatsapp.inbound", wish);
  await stage.log.deadLetter(({ headers }) => headers.ce_id === wish.id);
  stage.standIn.fails = () => false;
  const letters = new DeadLetters({
    bus: stage.orchestrator.bus,
    keyValue: stage.orchestrator.store.keyValue,
    clock: systemClock,
  });
  expect(await letters.list({ tenant: TENANT })).toMatchObject([
    {
      eventId: wish.id,
      group: "broker-orchestrator",
      originTopic: "whatsapp.inbound",
    },
  ]);
  await letters.replay({ tenant: TENANT });
  await stage.log.next("ranking.forwarded");
  expect(stage.standIn.done(/^\/wallet\/reservations$/)).toHaveLength(1);
  expect(stage.standIn.done(/^\/rankings$/)).toHaveLength(1);
  expect(await letters.list()).toEqual([]);
});
