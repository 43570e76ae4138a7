import { describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { at, intent, newPhone, OUR_NUMBER, TENANT } from "./testing/events.js";
import { agentCoreOf } from "./testing/running.js";
import { stageForEach } from "./testing/stage.js";

/** Producers and services of others, which do what is promised outside and nothing more. */

const stage = stageForEach();

/** Puts a record on a topic, of which the event has only what it must. */
async function put(
  topic: string,
  type: string,
  data: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const id = randomUUID();
  await stage.orchestrator.bus.publish([
    {
      topic,
      key: id,
      value: Buffer.from(
        JSON.stringify({ tenantId: TENANT, at: at(), ...data }),
      ),
      headers: {
        ce_specversion: "1.0",
        ce_id: id,
        ce_source: "/elsewhere",
        ce_type: type,
        ce_tenantid: TENANT,
        ...headers,
      },
    },
  ]);
  return id;
}

const callOf = (phone: string) => ({
  callId: `CA${randomUUID()}`,
  from: phone,
  to: OUR_NUMBER,
});

describe("events that carry no more than they must", () => {
  test("of a call: its payment is known, its opt-out reaches the registry", async () => {
    const phone = newPhone();
    const call = callOf(phone);
    await put("voice.contact.events", "call.start", call);
    await put("voice.contact.events", "call.connected", call);
    const promptId = await put("voice.contact.events", "call.payment_prompt", {
      ...call,
      method: "momo_ussd",
      region: "rw",
      amount: 5_000,
      currency: "RWF",
      ussd: "*182*8*1*012345*5000#",
      spoken: "star one eight two",
      language: "en",
    });
    const { data } = await stage.log.next("payment.requested");
    expect(data).toMatchObject({
      contact: phone,
      paymentId: promptId,
      agent: "sales",
      amount: 5_000,
      ussd: "*182*8*1*012345*5000#",
    });
    await put("voice.contact.events", "call.opt_out", {
      ...call,
      phone,
      via: "dtmf",
    });
    await stage.log.next("opt_out.registered", (event) => {
      return event.data.contact === phone;
    });
    const core = agentCoreOf(stage.agentCoreUrl);
    expect(await core.optOut(phone)).toMatchObject({
      optedOut: true,
      channel: "voice",
    });
    expect(stage.log.deadLetters).toEqual([]);
  });

  test("of WhatsApp: what is written is answered, and a no without its words is a no", async () => {
    const phone = newPhone();
    const userId = phone.slice(1);
    await put("whatsapp.inbound", "message.received", {
      userId,
      phone,
      messageId: "wamid.1",
      kind: "text",
      text: "Hello",
    });
    const answer = await stage.log.next("message.send");
    expect(answer.data).toMatchObject({ to: phone, userId, kind: "text" });
    await put("whatsapp.inbound", "message.opt_out", { userId, phone });
    await stage.log.next("opt_out.registered");
    const core = agentCoreOf(stage.agentCoreUrl);
    expect(await core.optOut(phone)).toMatchObject({
      optedOut: true,
      channel: "whatsapp",
    });
    expect(stage.log.deadLetters).toEqual([]);
  });

  test("an intent of no agent is the one's who answers on the channel", async () => {
    const phone = newPhone();
    await put("whatsapp.inbound", "intent.captured", {
      from: phone,
      intentId: randomUUID(),
      name: "order",
      confidence: 1,
      slots: { item: "brake pads" },
      language: "en",
      channel: "whatsapp",
      contact: phone,
    });
    const { data } = await stage.log.next("ranking.forwarded");
    expect(data).toMatchObject({ contact: phone, agent: "sales" });
  });

  test("a retry that somebody else put there is made, once its time has come", async () => {
    const phone = newPhone();
    await put(
      "broker.retry",
      "message.received",
      {
        userId: phone,
        phone,
        messageId: `wamid.${randomUUID()}`,
        kind: "text",
        text: "Hello",
      },
      {
        "x-origin-topic": "whatsapp.inbound",
        "x-attempt": "1",
        "x-not-before": at(),
        "x-error": "Error: it was away",
      },
    );
    const answer = await stage.log.next("message.send");
    expect(answer.data).toMatchObject({ to: phone });
  });
});

test("a buyer service that makes no buyers gets the ranking for the lead", async () => {
  stage.standIn.makesBuyers = false;
  const phone = newPhone();
  await stage.orchestrator.bus.publishEvent("whatsapp.inbound", intent(phone));
  const { data } = await stage.log.next("ranking.forwarded");
  const { lead } = await agentCoreOf(stage.agentCoreUrl).fetchLead({ phone });
  expect(data.buyerId).toBe(lead?.leadId);
  expect(stage.standIn.done(/^\/buyers\/.+\/rankings$/)[0]?.path).toBe(
    `/buyers/${data.buyerId}/rankings`,
  );
  expect(stage.standIn.done(/^\/wallet/)[0]?.body).toMatchObject({
    buyerId: data.buyerId,
  });
});
