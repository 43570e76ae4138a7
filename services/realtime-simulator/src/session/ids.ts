import { randomBytes } from "node:crypto";

/** Identifiers in the protocol's style: `event_…`, `item_…`, `resp_…`. Unique among all sessions. */
export class Ids {
  readonly #session = randomBytes(9).toString("base64url");
  #count = 0;

  next(
    prefix: "event" | "item" | "resp" | "call" | "conv" | "sess" | "msg",
  ): string {
    this.#count++;
    const count = this.#count.toString(36).padStart(6, "0");
    return `${prefix}_${this.#session}${count}`;
  }
}
