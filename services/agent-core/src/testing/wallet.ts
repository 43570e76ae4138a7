import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Answer, RunningAgentCore } from "./running.js";

const reservation = z.object({
  reservation: z.looseObject({
    reservationId: z.string(),
    status: z.string(),
    buyerId: z.string(),
  }),
});
const account = z.object({ account: z.object({ balance: z.number() }) });

/** The money of one tenant, over HTTP. */
export class Wallet {
  readonly #core: RunningAgentCore;
  readonly #tenant: string;
  readonly #insists: boolean;

  constructor(
    core: RunningAgentCore,
    tenant: string,
    { insists = true }: { insists?: boolean } = {},
  ) {
    this.#core = core;
    this.#tenant = tenant;
    this.#insists = insists;
  }

  /** While others are in the way, it asks again with the same key; unless it is not to insist. */
  async post(
    path: string,
    body: object,
    key: string = randomUUID(),
  ): Promise<Answer> {
    for (;;) {
      const request = { tenant: this.#tenant, body, key };
      const answer = await this.#core.send("POST", path, request);
      if (answer.status !== 503 || !this.#insists) return answer;
    }
  }

  get(path: string) {
    return this.#core.send("GET", path, { tenant: this.#tenant });
  }

  transfer(
    from: string,
    to: string,
    amount: number,
    more: object = {},
    key?: string,
  ) {
    const body = { from, to, amount, currency: "RWF", ...more };
    return this.post("/wallet/transfer", body, key);
  }

  /** A reservation that is made; it is an error when it is not. */
  async reserve(buyerId: string, amount: number, more: object = {}) {
    const intentId = "intent-1";
    const body = { buyerId, intentId, amount, currency: "RWF", ...more };
    const answer = await this.post("/wallet/reservations", body);
    return reservation.parse(answer.body).reservation;
  }

  capture(reservationId: string, body: object = {}, key?: string) {
    const path = `/wallet/reservations/${reservationId}/capture`;
    return this.post(path, body, key);
  }

  release(reservationId: string, key?: string) {
    const path = `/wallet/reservations/${reservationId}/release`;
    return this.post(path, {}, key);
  }

  account(accountId: string) {
    return this.get(`/wallet/accounts/${accountId}`);
  }

  async balance(accountId: string): Promise<number> {
    const { body } = await this.account(accountId);
    return account.parse(body).account.balance;
  }
}
