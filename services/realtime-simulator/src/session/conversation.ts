import { MULAW_BYTES_PER_MS } from "@easymo/telephone-audio";
import type { Turn } from "../brain/types.js";
import type { Heard } from "../hearing/understanding.js";
import { ProtocolError } from "../protocol/errors.js";
import type { ContentPart, ConversationItem } from "../protocol/items.js";

/** An item, and what is known of its sound. */
export interface Entry {
  item: ConversationItem;
  /** How much audio it has; of the agent's, how much has been sent. */
  audioMs: number;
  /** The audio itself, μ-law; only that of the latest items is kept. */
  audio?: Buffer | undefined;
  /** What was understood of a caller's audio. */
  heard?: Heard | undefined;
}

/** Whoever retrieves audio does so soon: older audio is not worth its memory over an hour of call. */
const ITEMS_WITH_AUDIO = 8;

/** The items of a session, in order. */
export class Conversation {
  readonly id: string;
  #entries: Entry[] = [];

  constructor(id: string) {
    this.id = id;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get lastItemId(): string | null {
    return this.#entries.at(-1)?.item.id ?? null;
  }

  /**
   * Puts an item behind another one (`root`: at the beginning; by default at
   * the end) and returns the id of the one before it.
   *
   * @throws ProtocolError when that item does not exist, the id is taken, or
   * an output answers no call.
   */
  insert(entry: Entry, previousItemId?: string | null): string | null {
    const { item } = entry;
    if (this.#entries.some((other) => other.item.id === item.id)) {
      throw new ProtocolError(
        "item_create_duplicate_item_id",
        `Error adding item: an item with id '${item.id}' already exists in the conversation.`,
        "item.id",
      );
    }
    if (item.type === "function_call_output" && !this.#hasCall(item.call_id)) {
      throw new ProtocolError(
        "invalid_tool_call_id",
        `Tool call ID '${item.call_id}' not found in conversation.`,
        "item.call_id",
      );
    }
    const at = this.#positionAfter(previousItemId);
    this.#entries.splice(at, 0, entry);
    this.#forgetOldAudio();
    return this.#entries[at - 1]?.item.id ?? null;
  }

  /** @throws ProtocolError when there is no such item. */
  get(itemId: string, action: "retrieve" | "truncate" | "delete"): Entry {
    const entry = this.#entries.find((other) => other.item.id === itemId);
    if (!entry) {
      const doing = `${action.replace(/e$/, "")}ing`;
      throw new ProtocolError(
        `item_${action}_invalid_item_id`,
        `Error ${doing} item: the item with id '${itemId}' does not exist.`,
        "item_id",
      );
    }
    return entry;
  }

  /** @throws ProtocolError when there is no such item. */
  delete(itemId: string): void {
    const entry = this.get(itemId, "delete");
    this.#entries = this.#entries.filter((other) => other !== entry);
  }

  /**
   * Cuts an agent's audio to what was heard of it. Its transcript goes:
   * nobody knows which words those were.
   *
   * @throws ProtocolError when it is no audio of the agent, or has less than that.
   */
  truncate(itemId: string, contentIndex: number, audioEndMs: number): void {
    const entry = this.get(itemId, "truncate");
    const { item } = entry;
    if (item.type !== "message" || item.role !== "assistant") {
      throw new ProtocolError(
        "invalid_value",
        "Only model output audio messages can be truncated.",
        "item_id",
      );
    }
    const part = item.content[contentIndex];
    if (part?.type !== "output_audio") {
      throw new ProtocolError(
        "invalid_value",
        `The item has no audio at content index ${contentIndex}.`,
        "content_index",
      );
    }
    if (audioEndMs > entry.audioMs) {
      throw new ProtocolError(
        "invalid_value",
        `Audio content of ${Math.floor(entry.audioMs)}ms is already shorter than ${audioEndMs}ms`,
        "audio_end_ms",
      );
    }
    part.transcript = null;
    entry.audioMs = audioEndMs;
    entry.audio = entry.audio?.subarray(0, audioEndMs * MULAW_BYTES_PER_MS);
  }

  #hasCall(callId: string): boolean {
    return this.#entries.some(
      ({ item }) => item.type === "function_call" && item.call_id === callId,
    );
  }

  #positionAfter(previousItemId: string | null | undefined): number {
    if (previousItemId === undefined || previousItemId === null) {
      return this.#entries.length;
    }
    if (previousItemId === "root") {
      return 0;
    }
    const at = this.#entries.findIndex(
      (entry) => entry.item.id === previousItemId,
    );
    if (at < 0) {
      throw new ProtocolError(
        "item_create_invalid_previous_item_id",
        `Error adding item: the previous item with id '${previousItemId}' does not exist.`,
        "previous_item_id",
      );
    }
    return at + 1;
  }

  #forgetOldAudio(): void {
    const withAudio = this.#entries.filter((entry) => entry.audio);
    for (const entry of withAudio.slice(0, -ITEMS_WITH_AUDIO)) {
      delete entry.audio;
    }
  }
}

/** The conversation as the model remembers it. */
export function turnsOf(entries: readonly Entry[]): Turn[] {
  return entries.flatMap((entry): Turn[] => {
    const { item } = entry;
    switch (item.type) {
      case "function_call":
        return [
          {
            kind: "call",
            callId: item.call_id,
            name: item.name,
            arguments: item.arguments,
          },
        ];
      case "function_call_output":
        return [{ kind: "output", callId: item.call_id, output: item.output }];
      case "message":
        return item.role === "assistant"
          ? [{ kind: "agent", text: agentWords(item.content) }]
          : item.role === "user"
            ? [callerTurn(entry, item.content)]
            : [];
    }
  });
}

function callerTurn(entry: Entry, content: readonly ContentPart[]): Turn {
  const { heard } = entry;
  if (heard?.kind === "sound") {
    return { kind: "sound", seconds: heard.seconds };
  }
  if (heard?.kind === "words") {
    return { kind: "caller", text: heard.text, language: heard.language };
  }
  const text = content
    .map((part) => (part.type === "input_text" ? part.text : ""))
    .join(" ");
  return { kind: "caller", text: text.trim() };
}

function agentWords(content: readonly ContentPart[]): string | null {
  const words = content.map((part) =>
    part.type === "output_text"
      ? part.text
      : part.type === "output_audio"
        ? part.transcript
        : null,
  );
  return words.includes(null) ? null : words.join(" ");
}
