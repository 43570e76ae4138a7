import { byId, make, show } from "../dom.js";
import type { SipAnswer, SipOrder } from "./wire.js";

const MAX_KEPT = 60;

/** Requests to sip-ingress and its answers, the newest first. */
export class SipLog {
  readonly #list = byId("sip-log", HTMLOListElement);
  readonly #empty = byId("sip-log-empty", HTMLParagraphElement);

  add(order: SipOrder, answer: SipAnswer): void {
    this.#list.prepend(itemOf(order, answer));
    while (this.#list.children.length > MAX_KEPT)
      this.#list.lastElementChild?.remove();
    show(this.#empty, false);
  }
}

function itemOf({ body }: SipOrder, answer: SipAnswer): HTMLLIElement {
  const { status, replayed, retryAfter } = answer;
  const what = isList(body) ? `a batch of ${body.length}` : body.event;
  const item = make(
    "li",
    { "data-outcome": status < 300 ? "taken" : "refused" },
    make(
      "p",
      { class: "sip-line" },
      make("strong", {}, String(status)),
      make("span", {}, what),
      make("code", {}, isList(body) ? "" : body.idempotencyKey),
    ),
  );
  if (replayed)
    item.append(make("p", { class: "quiet" }, "Idempotency-Replayed: true"));
  if (retryAfter !== "")
    item.append(make("p", { class: "quiet" }, `Retry-After: ${retryAfter}`));
  item.append(
    make(
      "details",
      {},
      make("summary", {}, "Request and answer"),
      make("pre", { tabindex: "0" }, JSON.stringify(body, null, 2)),
      make("pre", { tabindex: "0" }, pretty(answer.body)),
    ),
  );
  return item;
}

function isList(
  body: SipOrder["body"],
): body is Extract<SipOrder["body"], readonly unknown[]> {
  return Array.isArray(body);
}

function pretty(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    return JSON.stringify(parsed, null, 2);
  } catch {
    return body;
  }
}
