import type { Conversation } from "./state.js";

/** What is stored under a person's key: the conversation, or where it is. */
export type Stored =
  | { readonly kind: "conversation"; readonly conversation: Conversation }
  | { readonly kind: "elsewhere"; readonly key: string };

const ELSEWHERE = ">";

export function encodeConversation(conversation: Conversation): string {
  return JSON.stringify(conversation);
}

export function encodeElsewhere(key: string): string {
  return ELSEWHERE + key;
}

/** Reads what this service wrote; undefined for what another version of it wrote, or nobody. */
export function decodeStored(value: string): Stored | undefined {
  if (value.startsWith(ELSEWHERE))
    return { kind: "elsewhere", key: value.slice(ELSEWHERE.length) };
  try {
    const conversation: unknown = JSON.parse(value);
    return isConversation(conversation)
      ? { kind: "conversation", conversation }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Written by `encodeConversation` and nobody else: the schema's number stands for all of its fields. */
function isConversation(value: unknown): value is Conversation {
  return (
    typeof value === "object" &&
    value !== null &&
    "schema" in value &&
    value.schema === 1
  );
}
