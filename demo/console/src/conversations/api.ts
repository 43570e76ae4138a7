import { get, post } from "../api.js";
import { parseFields, textOf } from "../fields.js";
import { readBuyer, readConversations, readDeadLetters } from "./read-wire.js";
import type { BuyerNote, ConversationNote, DeadLetterNote } from "./wire.js";

export async function fetchConversations(): Promise<ConversationNote[]> {
  return readConversations(await get("api/conversations"));
}

export async function fetchBuyer(
  tenant: string,
  buyerId: string,
): Promise<BuyerNote> {
  const [of, id] = [tenant, buyerId].map(encodeURIComponent);
  return readBuyer(await get(`api/buyers/${of ?? ""}/${id ?? ""}`));
}

/** Pays money from outside into a buyer's account. */
export async function topUp(
  tenant: string,
  buyerId: string,
  amount: number,
): Promise<void> {
  await post("api/wallet", { tenant, buyerId, amount });
}

/** A colleague who has a conversation says something. */
export async function writeAsColleague(
  conversation: string,
  text: string,
): Promise<void> {
  await post("api/handovers", { what: "write", conversation, text });
}

/** The agent answers again. */
export async function handBack(conversation: string): Promise<void> {
  await post("api/handovers", { what: "hand-back", conversation });
}

export async function fetchDeadLetters(): Promise<DeadLetterNote[]> {
  return readDeadLetters(await get("api/dead-letters"));
}

/** What came of it, in a sentence. */
export async function settleDeadLetter(
  what: "replay" | "drop",
  id: string,
): Promise<string> {
  const response = await post("api/dead-letters", { what, id });
  return textOf(parseFields(await response.text()), "answer");
}

/** Has a record published that nobody can read. */
export async function publishPoison(): Promise<void> {
  await post("api/poison", {});
}
