import { byId, make, show } from "./dom.js";
import { matches, summaryOf, typeOf } from "./event-summary.js";
import type { FeedEntry } from "./wire.js";

const MAX_KEPT = 500;

/** The event stream: newest first, filtered, with the details of one. */
export class EventsView {
  readonly #list = byId("events", HTMLOListElement);
  readonly #empty = byId("events-empty", HTMLParagraphElement);
  readonly #count = byId("events-count", HTMLSpanElement);
  readonly #topic = byId("topic", HTMLSelectElement);
  readonly #search = byId("search", HTMLInputElement);
  readonly #pause = byId("pause", HTMLButtonElement);
  readonly #detail = byId("detail", HTMLElement);
  #entries: FeedEntry[] = [];
  #waiting: FeedEntry[] = [];
  #paused = false;
  #open: FeedEntry | undefined;

  constructor() {
    this.#topic.addEventListener("change", () => this.#render());
    this.#search.addEventListener("input", () => this.#render());
    this.#pause.addEventListener("click", () => this.#togglePause());
    byId("filters", HTMLFormElement).addEventListener("submit", (event) =>
      event.preventDefault(),
    );
    byId("close-detail", HTMLButtonElement).addEventListener("click", () =>
      this.closeDetail(),
    );
    this.#list.addEventListener("keydown", (event) => this.#move(event));
  }

  topics(topics: readonly string[]): void {
    for (const topic of topics) {
      this.#topic.append(make("option", { value: topic }, topic));
    }
  }

  add(entry: FeedEntry): void {
    if (this.#paused) {
      this.#waiting = [...this.#waiting, entry].slice(-MAX_KEPT);
      this.#tellPause();
      return;
    }
    this.#entries.push(entry);
    if (this.#entries.length > MAX_KEPT) this.#entries.shift();
    if (this.#wanted(entry)) this.#list.prepend(this.#itemOf(entry));
    while (this.#list.children.length > MAX_KEPT) {
      this.#list.lastElementChild?.remove();
    }
    this.#tellCount();
  }

  /** False when no detail was open. */
  closeDetail(): boolean {
    if (this.#open === undefined) return false;
    const { sequence } = this.#open;
    this.#open = undefined;
    show(this.#detail, false);
    this.#markOpen();
    this.#buttonOf(sequence)?.focus();
    return true;
  }

  #wanted(entry: FeedEntry): boolean {
    return matches(entry, this.#topic.value, this.#search.value);
  }

  #render(): void {
    const wanted = this.#entries.filter((entry) => this.#wanted(entry));
    this.#list.replaceChildren(
      ...wanted.reverse().map((entry) => this.#itemOf(entry)),
    );
    this.#markOpen();
    this.#tellCount();
  }

  #tellCount(): void {
    this.#count.textContent = String(this.#entries.length);
    const none = this.#list.children.length === 0;
    show(this.#empty, none);
    this.#empty.textContent =
      this.#entries.length === 0 ? "No event yet." : "No event fits.";
  }

  #itemOf(entry: FeedEntry): HTMLLIElement {
    const at = new Date(entry.timestampMs);
    const button = make(
      "button",
      {
        type: "button",
        "data-sequence": String(entry.sequence),
        "aria-expanded": "false",
        "aria-controls": "detail",
      },
      make("time", { datetime: at.toISOString() }, timeOf(at)),
      make("span", { class: "type" }, typeOf(entry)),
      make("span", { class: "about" }, summaryOf(entry)),
    );
    button.addEventListener("click", () => this.#show(entry));
    return make("li", {}, button);
  }

  #show(entry: FeedEntry): void {
    this.#open = entry;
    byId("detail-title", HTMLHeadingElement).textContent = typeOf(entry);
    byId("detail-headers", HTMLDListElement).replaceChildren(
      ...rowsOf({
        topic: `${entry.topic}, partition ${entry.partition}, offset ${entry.offset}`,
        key: entry.key,
        ...entry.headers,
      }),
    );
    byId("detail-data", HTMLPreElement).textContent = JSON.stringify(
      entry.data,
      null,
      2,
    );
    show(this.#detail, true);
    this.#detail.scrollTop = 0;
    this.#markOpen();
  }

  #markOpen(): void {
    for (const button of this.#list.querySelectorAll("button")) {
      const open = button.dataset.sequence === String(this.#open?.sequence);
      button.setAttribute("aria-expanded", String(open));
    }
  }

  #buttonOf(sequence: number): HTMLButtonElement | null {
    return this.#list.querySelector<HTMLButtonElement>(
      `[data-sequence="${sequence}"]`,
    );
  }

  #move(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const item = document.activeElement?.closest("li");
    const next =
      event.key === "ArrowDown"
        ? item?.nextElementSibling
        : item?.previousElementSibling;
    const button = next?.querySelector("button");
    if (button === null || button === undefined) return;
    event.preventDefault();
    button.focus();
  }

  #togglePause(): void {
    this.#paused = !this.#paused;
    this.#pause.setAttribute("aria-pressed", String(this.#paused));
    if (!this.#paused)
      for (const entry of this.#waiting.splice(0)) this.add(entry);
    this.#tellPause();
  }

  #tellPause(): void {
    const waiting = this.#waiting.length;
    this.#pause.textContent = this.#paused
      ? `Resume${waiting === 0 ? "" : ` (${waiting})`}`
      : "Pause";
  }
}

function timeOf(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour12: false });
}

function rowsOf(fields: Readonly<Record<string, string>>): HTMLElement[] {
  return Object.entries(fields).flatMap(([name, value]) => [
    make("dt", {}, name),
    make("dd", {}, value),
  ]);
}
