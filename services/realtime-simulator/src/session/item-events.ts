import type { ClientEvent } from "../protocol/client-events.js";
import type { ServerEvent } from "../protocol/server-events.js";
import type { SessionConfig } from "../protocol/session-config.js";
import type { Conversation, Entry } from "./conversation.js";
import type { Ids } from "./ids.js";
import type { CutPlayback } from "./line.js";
import { entryOf, withAudio } from "./new-items.js";

type ItemEvent = Extract<ClientEvent, { type: `conversation.item.${string}` }>;
type EventOf<T extends ItemEvent["type"]> = Extract<ItemEvent, { type: T }>;

/** What a client does to the items of the conversation, and how it is told. */
export class ItemEvents {
  readonly #conversation: Conversation;
  readonly #ids: Ids;
  readonly #emit: (event: ServerEvent) => void;

  constructor(
    conversation: Conversation,
    ids: Ids,
    emit: (event: ServerEvent) => void,
  ) {
    this.#conversation = conversation;
    this.#ids = ids;
    this.#emit = emit;
  }

  /** @throws ProtocolError when the conversation does not allow it. */
  handle(event: ItemEvent, config: SessionConfig): void {
    switch (event.type) {
      case "conversation.item.create":
        this.#create(event, config);
        return;
      case "conversation.item.retrieve":
        this.#retrieve(event.item_id, config);
        return;
      case "conversation.item.truncate":
        this.#truncate(event);
        return;
      case "conversation.item.delete":
        this.#conversation.delete(event.item_id);
        this.#emit({
          type: "conversation.item.deleted",
          item_id: event.item_id,
        });
        return;
    }
  }

  /** What the caller did not hear of an item any more is no part of the conversation. */
  cut({ itemId, contentIndex, playedMs }: CutPlayback): void {
    if (!this.#conversation.entries.some(({ item }) => item.id === itemId)) {
      return;
    }
    this.#truncate({
      type: "conversation.item.truncate",
      item_id: itemId,
      content_index: contentIndex,
      audio_end_ms: playedMs,
    });
  }

  /** Tells of an item that is there, whole, from its beginning. */
  announce({ item }: Entry, previousItemId: string | null): void {
    const placed = { previous_item_id: previousItemId, item };
    this.#emit({ type: "conversation.item.added", ...placed });
    this.#emit({ type: "conversation.item.done", ...placed });
  }

  #create(
    event: EventOf<"conversation.item.create">,
    config: SessionConfig,
  ): void {
    const entry = entryOf(event.item, this.#ids, config.audio.input.format);
    const { previous_item_id } = event;
    this.announce(entry, this.#conversation.insert(entry, previous_item_id));
  }

  #retrieve(itemId: string, config: SessionConfig): void {
    const entry = this.#conversation.get(itemId, "retrieve");
    const { input, output } = config.audio;
    const { item } = entry;
    const isAgents = item.type === "message" && item.role === "assistant";
    this.#emit({
      type: "conversation.item.retrieved",
      item: withAudio(entry, (isAgents ? output : input).format),
    });
  }

  #truncate(event: EventOf<"conversation.item.truncate">): void {
    const { item_id, content_index, audio_end_ms } = event;
    this.#conversation.truncate(item_id, content_index, audio_end_ms);
    this.#emit({
      type: "conversation.item.truncated",
      item_id,
      content_index,
      audio_end_ms,
    });
  }
}
