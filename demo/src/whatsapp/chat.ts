import type {
  ChatMessage,
  ChatNotice,
  Exchange,
  Owner,
} from "../../console/src/whatsapp/wire.js";
import type { About } from "./webhooks.js";

const WINDOW_MS = 24 * 3_600_000;
const MAX_MESSAGES = 300;

/** A page that shows a chat. */
export interface Handset {
  notify(notice: ChatNotice): void;
}

/** One person's chat with one business, as both have it. */
export class Chat implements About {
  readonly business: string;
  /** The telephone is on; while it is not, nothing is delivered to it. */
  power = true;
  /** The person wants offers. */
  offers = true;
  owner: Owner;
  readonly #messages = new Map<string, ChatMessage>();
  readonly #callbackData = new Map<string, string>();
  readonly #handsets = new Set<Handset>();
  #work: Promise<void> = Promise.resolve();

  constructor(business: string, owner: Owner) {
    this.business = business;
    this.owner = owner;
  }

  /** Somebody looks at it. */
  open(handset: Handset): void {
    this.#handsets.add(handset);
    handset.notify({
      type: "chat",
      messages: [...this.#messages.values()],
      power: this.power,
      offers: this.offers,
    });
  }

  close(handset: Handset): void {
    this.#handsets.delete(handset);
  }

  /** Whether messages reach the telephone. */
  get isReachable(): boolean {
    return this.power && this.#handsets.size > 0;
  }

  /** Whether the business may send more than templates: the person wrote within 24 hours. */
  isWindowOpen(nowMs: number): boolean {
    return [...this.#messages.values()].some(
      ({ from, atMs }) => from === "owner" && nowMs - atMs < WINDOW_MS,
    );
  }

  find(messageId: string): ChatMessage | undefined {
    return this.#messages.get(messageId);
  }

  /** The business's messages that have come so far and no further. */
  businessMessagesAt(ticks: ChatMessage["ticks"]): ChatMessage[] {
    return [...this.#messages.values()].filter(
      (message) => message.from === "business" && message.ticks === ticks,
    );
  }

  /** `callbackData` is the sender's own, and comes with every status. */
  add(message: ChatMessage, callbackData?: string): void {
    this.#messages.set(message.id, message);
    if (callbackData !== undefined)
      this.#callbackData.set(message.id, callbackData);
    const oldest = this.#messages.keys().next().value;
    if (this.#messages.size > MAX_MESSAGES && oldest !== undefined) {
      this.#messages.delete(oldest);
      this.#callbackData.delete(oldest);
    }
    this.tell({ type: "message", message });
  }

  change(messageId: string, changes: Partial<ChatMessage>): void {
    const message = this.#messages.get(messageId);
    if (message === undefined) return;
    const changed = { ...message, ...changes };
    this.#messages.set(messageId, changed);
    this.tell({ type: "message", message: changed });
  }

  callbackDataOf(messageId: string): string | undefined {
    return this.#callbackData.get(messageId);
  }

  tell(notice: ChatNotice): void {
    for (const handset of this.#handsets) handset.notify(notice);
  }

  tellExchange(exchange: Exchange): void {
    this.tell({ type: "exchange", exchange });
  }

  /** One after the other: a status never overtakes the one before it. */
  then(work: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(work);
    return this.#work;
  }
}
