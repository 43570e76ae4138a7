import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Answer, RunningAgentCore } from "./running.js";

const buyer = z.object({ buyer: z.looseObject({ buyerId: z.string() }) });
const context = z.looseObject({
  buyer: z.looseObject({ buyerId: z.string() }),
  intents: z.array(z.looseObject({ intentId: z.string() })),
  rankings: z.array(z.looseObject({ rankingId: z.string() })),
  purchases: z.array(z.looseObject({ purchaseId: z.string() })),
});
const ranking = z.object({
  rankingId: z.string(),
  candidates: z.array(
    z.looseObject({ vendorId: z.string(), reasons: z.array(z.string()) }),
  ),
});

/** The buyers and vendors of one tenant, over HTTP. */
export class People {
  readonly tenant: string;
  readonly #core: RunningAgentCore;

  constructor(core: RunningAgentCore, tenant: string) {
    this.#core = core;
    this.tenant = tenant;
  }

  post(
    path: string,
    body: object,
    key: string = randomUUID(),
  ): Promise<Answer> {
    return this.#core.send("POST", path, { tenant: this.tenant, body, key });
  }

  put(path: string, body: object, key: string = randomUUID()): Promise<Answer> {
    return this.#core.send("PUT", path, { tenant: this.tenant, body, key });
  }

  get(path: string): Promise<Answer> {
    return this.#core.send("GET", path, { tenant: this.tenant });
  }

  /** The buyer's id; it is an error when there is none. */
  async buyer(body: object): Promise<string> {
    const answer = await this.post("/buyers", body);
    return buyer.parse(answer.body).buyer.buyerId;
  }

  async context(buyerId: string) {
    const answer = await this.get(`/buyers/${buyerId}/context`);
    return context.parse(answer.body);
  }

  intent(buyerId: string, intentId: string, more: object = {}) {
    return this.post(`/buyers/${buyerId}/intents`, {
      intentId,
      channel: "whatsapp",
      name: "order",
      slots: { item: "brake pads" },
      ...more,
    });
  }

  vendor(vendorId: string, more: object = {}) {
    return this.put(`/vendors/${vendorId}`, {
      name: `Shop ${vendorId}`,
      phone: "+250780000100",
      area: "Nyabugogo",
      items: [{ name: "Brake pads", price: 5_000, currency: "RWF" }],
      ...more,
    });
  }

  async rank(contact: unknown, more: object = {}) {
    const answer = await this.post("/rankings", {
      intentId: "intent-1",
      name: "order",
      slots: { item: "brake pads", place: "Nyabugogo" },
      contact,
      ...more,
    });
    return ranking.parse(answer.body);
  }
}
