import { byId, show } from "../dom.js";
import { handBack, writeAsColleague } from "./api.js";
import type { ConversationNote } from "./wire.js";

/** A conversation that people have: they write here, and hand it back. */
export class HandoverView {
  readonly #desk = byId("desk", HTMLFormElement);
  readonly #text = byId("desk-text", HTMLInputElement);
  #person: ConversationNote | undefined;

  /** @param changed something was done with a conversation */
  constructor(changed: () => void) {
    this.#desk.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#write().then(changed);
    });
    byId("hand-back", HTMLButtonElement).addEventListener("click", () => {
      if (this.#person !== undefined)
        void handBack(this.#person.id).then(changed);
    });
  }

  render(person: ConversationNote): void {
    this.#person = person;
    const { handover } = person;
    show(this.#desk, handover !== undefined);
    if (handover === undefined) return;
    const until = new Date(handover.until).toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
    });
    byId("desk-about", HTMLParagraphElement).textContent =
      `With a colleague of ${handover.queue} until ${until}; the agent is quiet on WhatsApp.`;
  }

  async #write(): Promise<void> {
    const text = this.#text.value.trim();
    if (this.#person === undefined || text === "") return;
    await writeAsColleague(this.#person.id, text);
    this.#text.value = "";
  }
}
