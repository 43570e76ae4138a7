import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
} from "@jest/globals";
import type { RunningService } from "@easymo/service-kit";
import {
  callConnected,
  callOptOut,
  callStart,
  callStop,
  intent,
  newPhone,
  OUR_NUMBER,
  paymentPrompt,
  received,
  TENANT,
  transcript,
} from "./testing/events.js";
import {
  agentCoreOf,
  EventLog,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";
import { StandIn } from "./testing/stand-in.js";

/** What comes in on any topic, and what goes out for it; everything real but Kafka, Redis and the three services. */

let agentCore: RunningService;
let standIn: StandIn;
let orchestrator: RunningOrchestrator;
let log: EventLog;

beforeAll(async () => {
  agentCore = await startAgentCore();
}, 60_000);
beforeEach(async () => {
  await orchestrator?.close();
  await standIn?.close();
  standIn = await StandIn.start();
  orchestrator = await startOrchestrator({
    agentCoreUrl: agentCore.url,
    standInUrl: standIn.url,
  });
  log = await EventLog.of(orchestrator.bus);
});
afterAll(async () => {
  await orchestrator.close();
  await standIn.close();
  await agentCore.close();
});

describe("an intent", () => {
  test("goes to the ranking, the buyer service and the wallet, and its offers to everybody and to the person", async () => {
    const phone = newPhone();
    const wish = intent(phone);
    await orchestrator.bus.publishEvent("whatsapp.inbound", wish);
    const forwarded = await log.next("ranking.forwarded");
    const { intentId } = wish.data;
    expect(forwarded.data).toMatchObject({
      intentId,
      rankingId: `ranking-${intentId}`,
      reservationId: `reservation-${intentId}`,
      contact: phone,
      candidates: [{ vendorId: "vendor-1", price: 12_000 }],
    });
    const { buyerId } = forwarded.data;
    expect(standIn.done(/^\/rankings$/)[0]?.body).toMatchObject({
      intentId,
      name: "order",
      slots: { item: "brake pads" },
      contact: phone,
    });
    expect(
      standIn.done(new RegExp(`^/buyers/${buyerId}/rankings$`))[0]?.body,
    ).toMatchObject({
      intentId,
      rankingId: `ranking-${intentId}`,
      candidates: [{ vendorId: "vendor-1" }],
    });
    expect(standIn.done(/^\/wallet\/reservations$/)[0]?.body).toMatchObject({
      buyerId,
      intentId,
      amount: 12_000,
      currency: "RWF",
    });
    const keys = standIn.requests.map(({ key }) => key);
    expect(keys.every((key) => key !== undefined)).toBe(true);
    const answer = await log.next("message.send");
    expect(answer.data).toMatchObject({
      to: phone,
      purpose: "ranking",
      kind: "text",
      text: expect.stringContaining("Kimironko Moto Parts: 12000 RWF"),
    });
    const { lead } = await agentCoreOf(agentCore.url).fetchLead({ phone });
    expect(lead?.phone).toBe(phone);
  });
});
