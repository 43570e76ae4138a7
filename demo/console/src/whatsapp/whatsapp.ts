import { byId, show } from "../dom.js";
import { wireBusinessForm } from "./business-form.js";
import { ChatSocket } from "./chat-socket.js";
import { ChatView } from "./chat-view.js";
import { ComposeForm } from "./compose-form.js";
import { ExchangesView } from "./exchanges-view.js";
import { OwnerForm } from "./owner-form.js";
import type { Business, ChatNotice, ChatRequest } from "./wire.js";

/** How long a business that types is said to; an answer ends it. */
const TYPING_MS = 5_000;
/** Where the people of the demo are: Kigali. */
const HERE = { latitude: -1.9441, longitude: 30.0619, name: "Kigali" };

/** A telephone with WhatsApp on the page. */
export class WhatsApp {
  readonly #socket = new ChatSocket({
    notice: (notice) => this.#notice(notice),
    lost: () => {
      this.#state.textContent = "connecting…";
    },
  });
  readonly #owner = new OwnerForm(
    () => this.open(),
    () => this.#compose.suggest(this.#owner.language),
  );
  readonly #view = new ChatView({
    press: ({ id }, choice) =>
      this.#socket.send({ type: "press", messageId: id, choiceId: choice.id }),
    react: ({ id }, emoji) =>
      this.#socket.send({ type: "react", messageId: id, emoji }),
  });
  readonly #exchanges = new ExchangesView();
  readonly #compose = new ComposeForm({
    write: (text) => this.#send({ type: "text", text }),
    speak: (text) =>
      this.#send({ type: "voice", text, language: this.#owner.language }),
    shareLocation: () => this.#send({ type: "location", ...HERE }),
  });
  readonly #state = byId("chat-state", HTMLParagraphElement);
  readonly #answer = byId("chat-answer", HTMLParagraphElement);
  readonly #badge = byId("whatsapp-badge", HTMLSpanElement);
  readonly #power = byId("power", HTMLInputElement);
  readonly #offers = byId("offers", HTMLInputElement);
  #shown = false;
  #typingTimer: number | undefined;

  constructor() {
    wireBusinessForm(this.#owner);
    this.#power.addEventListener("change", () =>
      this.#socket.send({ type: "power", on: this.#power.checked }),
    );
    this.#offers.addEventListener("change", () =>
      this.#socket.send({ type: "offers", wanted: this.#offers.checked }),
    );
    document.addEventListener("visibilitychange", () => this.#look());
  }

  /** Who can be written to; the chat with the first one opens. */
  offer(businesses: readonly Business[]): void {
    this.#owner.offer(businesses);
    this.#compose.suggest(this.#owner.language);
  }

  /** Opens the chat of whom the form says. */
  open(): void {
    const { business, owner } = this.#owner;
    if (business === undefined) return;
    this.#tell("");
    this.#state.textContent = "connecting…";
    byId("chat-title", HTMLHeadingElement).textContent =
      `${business.agent}, ${business.tenant}`;
    this.#socket.open({ type: "open", business: business.id, owner });
  }

  /** Whether the chat is on the screen. */
  show(shown: boolean): void {
    this.#shown = shown;
    // What came while nobody looked is at the end.
    if (shown) this.#view.toEnd();
    this.#look();
  }

  write(): void {
    this.#compose.focus();
  }

  #send(request: ChatRequest): void {
    if (!this.#socket.send(request)) this.#tell("There is no connection.");
  }

  #notice(notice: ChatNotice): void {
    switch (notice.type) {
      case "chat":
        this.#view.reset(notice.messages);
        this.#power.checked = notice.power;
        this.#offers.checked = notice.offers;
        this.#typing(false);
        break;
      case "message":
        this.#view.put(notice.message);
        if (notice.message.from === "business") this.#typing(false);
        else this.#tell("");
        break;
      case "typing":
        this.#typing(true);
        break;
      case "exchange":
        this.#exchanges.add(notice.exchange);
        break;
      case "problem":
        this.#tell(notice.message);
        break;
    }
    this.#look();
  }

  /** What is on the screen has been read; what is not is counted on the tab. */
  #look(): void {
    const { unread } = this.#view;
    const looks = this.#shown && document.visibilityState === "visible";
    if (looks && unread > 0) this.#socket.send({ type: "seen" });
    this.#badge.textContent = String(unread);
    show(this.#badge, unread > 0 && !looks);
  }

  #typing(types: boolean): void {
    window.clearTimeout(this.#typingTimer);
    this.#state.textContent = types ? "types…" : "online";
    if (types)
      this.#typingTimer = window.setTimeout(
        () => this.#typing(false),
        TYPING_MS,
      );
  }

  #tell(text: string): void {
    this.#answer.textContent = text;
    this.#owner.tell(text);
  }
}
