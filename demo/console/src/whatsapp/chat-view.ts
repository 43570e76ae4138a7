import { byId, show } from "../dom.js";
import { type MessageActions, messageItem } from "./message-item.js";
import type { ChatMessage } from "./wire.js";

/** The messages of the chat, the newest at the end. */
export class ChatView {
  readonly #list = byId("messages", HTMLOListElement);
  readonly #empty = byId("messages-empty", HTMLParagraphElement);
  readonly #actions: MessageActions;
  readonly #messages = new Map<string, ChatMessage>();

  constructor(actions: MessageActions) {
    this.#actions = actions;
  }

  /** Another chat, or the same one anew. */
  reset(messages: readonly ChatMessage[]): void {
    this.#messages.clear();
    this.#list.replaceChildren();
    for (const message of messages) this.put(message);
    show(this.#empty, messages.length === 0);
  }

  /** A message that is new, or has changed. */
  put(message: ChatMessage): void {
    this.#messages.set(message.id, message);
    const quoted = this.#messages.get(message.replyTo ?? "");
    const item = messageItem(message, quoted, this.#actions);
    const old = this.#list.querySelector(
      `[data-id="${CSS.escape(message.id)}"]`,
    );
    if (old === null) this.#list.append(item);
    else keepOpen(old, item);
    show(this.#empty, false);
    if (old === null) this.toEnd();
  }

  /** Shows the newest. */
  toEnd(): void {
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** Business messages that reached the telephone and were not looked at. */
  get unread(): number {
    return [...this.#messages.values()].filter(
      ({ from, ticks }) => from === "business" && ticks === "delivered",
    ).length;
  }
}

/** Takes an item's place without moving the focus or closing its list. */
function keepOpen(old: Element, item: HTMLElement): void {
  const wasOpen = old.querySelector("details")?.open === true;
  const buttons = [...old.querySelectorAll("button")];
  const focused = buttons.findIndex((one) => one === document.activeElement);
  const details = item.querySelector("details");
  if (details !== null) details.open = wasOpen;
  old.replaceWith(item);
  item.querySelectorAll("button")[focused]?.focus();
}
