import {
  createEvent,
  deriveEventId,
  type EasymoEvent,
  type EventDataByType,
  type EventType,
} from "@easymo/messaging";
import { randomUUID } from "node:crypto";

export const TENANT = "kigali-parts";
export const OTHER_TENANT = "huye-foods";
export const OUR_NUMBER = "+250780000001";
export const OUR_SIP = "sip:desk@kigali.example";
export const PHONE_NUMBER_ID = "106540352242922";
export const SECRET = "a-secret-for-tests-of-32-characters!";

export const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    languages: [en, rw, fr, sw]
    tools: [fetch_lead, log_lead, capture_intent, collect_payment]
    payment: {region: rw, currency: RWF, merchant: "012345"}
    transfer: {queue: sales, to: "+250788000009"}
  - name: food
    instructions: You take orders for lunch.
    languages: [rw]
    whatsapp: {template: {name: we_have_news, language: en_US}}
channels:
  - {kind: twilio, address: "${OUR_NUMBER}", tenant: ${TENANT}, agent: sales}
  - {kind: sip, address: "${OUR_SIP}", tenant: ${TENANT}, agent: sales}
  - {kind: whatsapp, address: "${PHONE_NUMBER_ID}", tenant: ${TENANT}, agent: sales}
  - {kind: twilio, address: "+250780000002", tenant: ${OTHER_TENANT}, agent: food}
  - {kind: whatsapp, address: "206540352242922", tenant: ${OTHER_TENANT}, agent: food}
`;

let people = Math.floor(Math.random() * 1e6) * 10;

/** A number that nobody else uses. */
export function newPhone(): string {
  people += 1;
  return `+25078${String(people % 10_000_000).padStart(7, "0")}`;
}

interface Around {
  readonly id?: string;
  readonly tenantId?: string;
  readonly subject?: string;
}

/** An event with the envelope around it. */
export function event<T extends EventType>(
  type: T,
  data: EventDataByType[T],
  around: Around = {},
): EasymoEvent<T> {
  return createEvent(type, {
    id: around.id ?? randomUUID(),
    tenantId: data.tenantId,
    source: "/test",
    requestId: "request-1",
    ...(around.subject === undefined ? {} : { subject: around.subject }),
    data,
  });
}

/** Now, or so many seconds away from it. */
export function at(seconds = 0): string {
  return new Date(Date.now() + seconds * 1_000).toISOString();
}

export function received(
  phone: string,
  text: string,
  more: Partial<EventDataByType["message.received"]> = {},
): EasymoEvent<"message.received"> {
  const messageId = more.messageId ?? `wamid.${randomUUID()}`;
  return event(
    "message.received",
    {
      tenantId: TENANT,
      userId: phone,
      phone,
      agent: "sales",
      to: PHONE_NUMBER_ID,
      at: at(),
      messageId,
      phoneNumberId: PHONE_NUMBER_ID,
      kind: "text",
      text,
      ...more,
    },
    { id: deriveEventId("whatsapp", messageId), subject: messageId },
  );
}

export function intent(
  phone: string,
  more: Partial<EventDataByType["intent.captured"]> = {},
  around: Around = {},
): EasymoEvent<"intent.captured"> {
  return event(
    "intent.captured",
    {
      tenantId: TENANT,
      userId: phone,
      agent: "sales",
      at: at(),
      intentId: randomUUID(),
      name: "order",
      confidence: 0.9,
      slots: { item: "brake pads" },
      language: "en",
      channel: "whatsapp",
      contact: phone,
      ...more,
    },
    around,
  );
}

const callOf = (phone: string, callId: string) => ({
  callId,
  tenantId: TENANT,
  from: phone,
  to: OUR_NUMBER,
  agent: "sales",
  at: at(),
});

export function callStart(phone: string, callId: string) {
  return event("call.start", {
    ...callOf(phone, callId),
    direction: "inbound",
    channel: "twilio",
  });
}

export function callConnected(phone: string, callId: string) {
  return event("call.connected", {
    ...callOf(phone, callId),
    model: "gpt-realtime",
    voice: "marin",
    setupMs: 1,
  });
}

export function transcript(
  phone: string,
  callId: string,
  role: "user" | "assistant",
  text: string,
) {
  return event("media.transcript", {
    ...callOf(phone, callId),
    role,
    text,
    itemId: randomUUID(),
    interrupted: false,
  });
}

export function callStop(
  phone: string,
  callId: string,
  reason = "caller_hangup",
  durationMs = 30_000,
) {
  return event("call.stop", {
    ...callOf(phone, callId),
    reason,
    durationMs,
    usage: {},
    latency: { turns: 0, p50: null, p95: null, max: null },
  });
}

export function callOptOut(phone: string, callId: string) {
  return event("call.opt_out", {
    ...callOf(phone, callId),
    phone,
    via: "speech",
    phrase: "stop calling me",
    language: "en",
  });
}

export function paymentPrompt(
  phone: string,
  callId: string,
  paymentId: string = randomUUID(),
) {
  return event("call.payment_prompt", {
    ...callOf(phone, callId),
    paymentId,
    method: "momo_ussd",
    region: "rw",
    amount: 5_000,
    currency: "RWF",
    ussd: "*182*8*1*012345*5000#",
    spoken: "Dial star one eight two",
    language: "en",
  });
}
