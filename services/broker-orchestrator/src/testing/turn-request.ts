import { RoutingTable, type Agent } from "@easymo/routing";
import { randomName } from "@easymo/testbed";
import { newPhone, TENANT } from "./events.js";
import type { TurnLine, TurnRequest } from "../turns/turn-model.js";

const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts. Ask on +250788000005 about opening hours.
    languages: [en, rw, fr, sw]
    greeting: Muraho, you are writing with the spare parts desk.
    tools: [fetch_lead, log_lead, capture_intent, collect_payment, set_disposition, warm_transfer, register_opt_out]
    optOut: {phrases: [leave me be now]}
    payment: {region: rw, currency: RWF, merchant: "123456"}
    transfer: {queue: sales, to: "+250788000009"}
  - name: shop
    instructions: You sell tickets in Malta.
    languages: [en]
    tools: [collect_payment]
    payment: {region: mt, currency: EUR}
  - name: clerk
    instructions: You answer questions.
channels:
  - {kind: whatsapp, address: "106540352242922", tenant: kigali-parts, agent: sales}
  - {kind: whatsapp, address: "106540352242923", tenant: kigali-parts, agent: shop}
  - {kind: whatsapp, address: "106540352242924", tenant: kigali-parts, agent: clerk}
`;

const table = RoutingTable.parse(ROUTING);

export function agentNamed(name: "sales" | "shop" | "clerk"): Agent {
  const agent = table.findAgent(TENANT, name);
  if (agent === undefined) throw new Error(`There is no agent ${name}.`);
  return agent;
}

/** A turn of somebody whom no other test knows. */
export function turnOf(
  text: string,
  changes: Partial<TurnRequest> = {},
): TurnRequest {
  return {
    tenantId: TENANT,
    agent: agentNamed("sales"),
    contact: { phone: newPhone() },
    history: [],
    facts: [],
    key: randomName("turn"),
    ...changes,
    text,
  };
}

/** Lines of a conversation on WhatsApp: the person first, then in turn. */
export function conversation(...texts: readonly string[]): TurnLine[] {
  return texts.map((text, at) => ({
    role: at % 2 === 0 ? "user" : "assistant",
    text,
    channel: "whatsapp",
    at: "2026-01-01T10:00:00.000Z",
  }));
}
