import { byId, make } from "../dom.js";
import type { Exchange } from "./wire.js";

const MAX_KEPT = 60;

/** Requests between Meta and the bot, the newest first. */
export class ExchangesView {
  readonly #list = byId("exchanges", HTMLOListElement);
  readonly #count = byId("exchanges-count", HTMLSpanElement);
  #seen = 0;

  add(exchange: Exchange): void {
    this.#seen += 1;
    this.#count.textContent = String(this.#seen);
    this.#list.prepend(itemOf(exchange));
    while (this.#list.children.length > MAX_KEPT)
      this.#list.lastElementChild?.remove();
  }
}

function itemOf(exchange: Exchange): HTMLLIElement {
  const { direction, what, status, signature, body } = exchange;
  const way = direction === "webhook" ? "POST /webhook" : "POST /…/messages";
  const answer = status === 0 ? "no answer" : String(status);
  const details = make(
    "details",
    {},
    make(
      "summary",
      {},
      make("code", {}, way),
      ` ${what} `,
      make("strong", {}, answer),
    ),
  );
  if (signature !== "")
    details.append(
      make("p", { class: "quiet" }, `X-Hub-Signature-256: ${signature}`),
    );
  details.append(make("pre", { tabindex: "0" }, pretty(body)));
  return make("li", {}, details);
}

function pretty(body: string): string {
  const parsed: unknown = JSON.parse(body);
  return JSON.stringify(parsed, null, 2);
}
