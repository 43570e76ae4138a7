import { byId, make, show } from "../dom.js";
import type { FeedEntry } from "../wire.js";
import { fetchBuyer, fetchConversations, topUp } from "./api.js";
import { HandoverView } from "./handover-view.js";
import { PersonView } from "./person-view.js";
import type { BuyerNote, ConversationNote } from "./wire.js";

const MAX_KEPT = 1_000;
/** What changes within so long is asked for together. */
const AFTER_MS = 250;

/** Everyone's conversation over all channels, and one of them in detail. */
export class Conversations {
  readonly #list = byId("people", HTMLUListElement);
  readonly #view = new PersonView();
  readonly #handover = new HandoverView(() => this.refreshSoon());
  #entries: FeedEntry[] = [];
  #people: readonly ConversationNote[] = [];
  #chosen: string | undefined;
  #timer: number | undefined;
  #shown = false;

  constructor() {
    byId("top-up", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#topUp();
    });
  }

  /** An event went by. */
  add(entry: FeedEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > MAX_KEPT) this.#entries.shift();
    this.refreshSoon();
  }

  /** Whether conversations are on the screen. */
  show(shown: boolean): void {
    this.#shown = shown;
    this.refreshSoon();
  }

  /** Something has changed. */
  refreshSoon(): void {
    if (!this.#shown || this.#timer !== undefined) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = undefined;
      // What does not come now comes with the next change.
      this.#refresh().catch(() => undefined);
    }, AFTER_MS);
  }

  get #person(): ConversationNote | undefined {
    const chosen = this.#people.find(({ id }) => id === this.#chosen);
    return chosen ?? this.#people[0];
  }

  async #refresh(): Promise<void> {
    this.#people = await fetchConversations();
    this.#renderList();
    const person = this.#person;
    if (person === undefined) return;
    const buyer =
      person.buyerId === ""
        ? undefined
        : await fetchBuyer(person.tenant, person.buyerId);
    this.#render(person, buyer);
  }

  #render(person: ConversationNote, buyer: BuyerNote | undefined): void {
    // Somebody else was chosen meanwhile.
    if (this.#person?.id !== person.id) return;
    this.#view.render(person, this.#entries, buyer);
    this.#handover.render(person);
  }

  #renderList(): void {
    const chosen = this.#person?.id;
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(
      ...this.#people.map((person) => this.#itemOf(person, chosen)),
    );
    if (hadFocus)
      this.#list.querySelector<HTMLElement>("[aria-current=true]")?.focus();
    show(byId("people-empty", HTMLElement), this.#people.length === 0);
  }

  #itemOf(person: ConversationNote, chosen: string | undefined): HTMLLIElement {
    const { id, name, names, tenant, channels } = person;
    const button = make(
      "button",
      { type: "button", "aria-current": String(id === chosen) },
      make("strong", {}, name),
      make("small", {}, names.join(", ")),
      make("small", {}, `${tenant}: ${channels.join(", ")}`),
    );
    button.addEventListener("click", () => {
      this.#chosen = id;
      this.#renderList();
      this.refreshSoon();
    });
    return make("li", {}, button);
  }

  async #topUp(): Promise<void> {
    const person = this.#person;
    if (person === undefined || person.buyerId === "") return;
    const amount = Number(byId("top-up-amount", HTMLInputElement).value);
    await topUp(person.tenant, person.buyerId, amount);
    this.refreshSoon();
  }
}
