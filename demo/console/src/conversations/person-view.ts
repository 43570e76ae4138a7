import { byId, make, show } from "../dom.js";
import type { FeedEntry } from "../wire.js";
import { type Moment, timelineOf } from "./timeline.js";
import type { BuyerNote, ConversationNote, EffectNote } from "./wire.js";

/** One person: what happened, what was done, what was found, the money. */
export class PersonView {
  readonly #timeline = byId("time-line", HTMLOListElement);
  readonly #effects = byId("effects", HTMLOListElement);
  readonly #rankings = byId("rankings", HTMLDivElement);
  readonly #ledger = byId("ledger", HTMLTableSectionElement);

  /** Without a buyer there is neither ranking nor wallet. */
  render(
    person: ConversationNote,
    entries: readonly FeedEntry[],
    buyer: BuyerNote | undefined,
  ): void {
    byId("person-title", HTMLHeadingElement).textContent = person.name;
    byId("person-about", HTMLParagraphElement).textContent = aboutOf(person);
    this.#timeline.replaceChildren(
      ...timelineOf(entries, person).map(momentItem),
    );
    replaceKeepingOpen(this.#effects, person.effects.map(effectItem));
    show(byId("effects-empty", HTMLElement), person.effects.length === 0);
    byId("state", HTMLPreElement).textContent = pretty(person.state);
    this.#renderBuyer(buyer);
  }

  #renderBuyer(buyer: BuyerNote | undefined): void {
    const rankings = buyer?.rankings ?? [];
    this.#rankings.replaceChildren(...rankings.map(rankingOf));
    show(byId("rankings-empty", HTMLElement), rankings.length === 0);
    for (const id of ["top-up", "balance"])
      show(byId(id, HTMLElement), buyer !== undefined);
    show(byId("wallet-empty", HTMLElement), buyer === undefined);
    const table = this.#ledger.closest<HTMLElement>(".table");
    if (table !== null) show(table, (buyer?.entries.length ?? 0) > 0);
    if (buyer === undefined) return;
    const { balance, reserved, currency } = buyer;
    byId("balance", HTMLParagraphElement).textContent =
      `${money(balance, currency)}, of which ${money(reserved, currency)} reserved`;
    this.#ledger.replaceChildren(
      ...buyer.entries.map((entry) =>
        rowOf([
          timeOf(new Date(entry.at)),
          money(entry.amount, currency),
          entry.balance === undefined ? "–" : money(entry.balance, currency),
          entry.counterparty,
          entry.memo,
        ]),
      ),
    );
  }
}

function aboutOf(person: ConversationNote): string {
  const { names, tenant, channels, turns, optedOut } = person;
  return [
    names.join(", "),
    tenant,
    channels.join(" and "),
    `${turns} ${turns === 1 ? "turn" : "turns"}`,
    optedOut ? "opted out" : "",
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function momentItem({ atMs, channel, who, words }: Moment): HTMLLIElement {
  const at = new Date(atMs);
  return make(
    "li",
    {},
    make("time", { datetime: at.toISOString() }, timeOf(at)),
    make("span", { class: "channel" }, channel),
    make(
      "span",
      { class: "words" },
      make("span", { class: "who" }, `${who}: `),
      words,
    ),
  );
}

function effectItem(effect: EffectNote): HTMLLIElement {
  const { key, kind, state, atMs, detail } = effect;
  return make(
    "li",
    { "data-state": state, "data-key": key },
    make(
      "details",
      {},
      make(
        "summary",
        {},
        make("time", {}, timeOf(new Date(atMs))),
        make("span", {}, kind),
        make("span", { class: "outcome" }, state),
        make("code", {}, key),
      ),
      make("pre", { tabindex: "0" }, pretty(detail)),
    ),
  );
}

function rankingOf(ranking: BuyerNote["rankings"][number]): HTMLElement {
  return make(
    "section",
    { class: "ranking" },
    make("h3", {}, ranking.intent),
    make(
      "ol",
      {},
      ...ranking.candidates.map(({ name, score, price, currency, reasons }) =>
        make(
          "li",
          {},
          make(
            "p",
            { class: "candidate" },
            make("strong", {}, name),
            make("span", {}, money(price, currency)),
            make("span", {}, `score ${score.toFixed(2)}`),
          ),
          make("meter", {
            min: "0",
            max: "1",
            value: String(score),
            "aria-label": `Score of ${name}`,
          }),
          make("ul", {}, ...reasons.map((reason) => make("li", {}, reason))),
        ),
      ),
    ),
  );
}

/** New items in the place of old ones; what was open stays so. */
function replaceKeepingOpen(
  list: HTMLOListElement,
  items: readonly HTMLLIElement[],
): void {
  const open = new Set(
    [...list.querySelectorAll("details[open]")].map((details) =>
      details.parentElement?.getAttribute("data-key"),
    ),
  );
  for (const item of items) {
    const details = item.querySelector("details");
    if (details !== null) details.open = open.has(item.dataset.key);
  }
  list.replaceChildren(...items);
}

function rowOf(cells: readonly string[]): HTMLTableRowElement {
  return make("tr", {}, ...cells.map((cell) => make("td", {}, cell)));
}

/** An amount in the currency's minor unit. */
function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(amount / 10 ** digits);
}

function timeOf(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour12: false });
}

function pretty(json: string): string {
  const parsed: unknown = JSON.parse(json);
  return JSON.stringify(parsed, null, 2);
}
