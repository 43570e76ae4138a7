import {
  type Fields,
  flagOf,
  isFields,
  listOf,
  maybeNumber,
  numberOf,
  parseFields,
  textOf,
  textsOf,
} from "../fields.js";
import type {
  BuyerNote,
  CandidateNote,
  ConversationNote,
  DeadLetterNote,
  EffectNote,
  EntryNote,
  RankingNote,
} from "./wire.js";

export function readConversations(text: string): ConversationNote[] {
  return listOf(parseFields(text), "conversations", readConversation);
}

function readConversation(fields: Fields): ConversationNote {
  return {
    id: textOf(fields, "id"),
    tenant: textOf(fields, "tenant"),
    name: textOf(fields, "name"),
    names: textsOf(fields, "names"),
    callIds: textsOf(fields, "callIds"),
    channels: textsOf(fields, "channels"),
    turns: numberOf(fields, "turns"),
    optedOut: flagOf(fields, "optedOut"),
    buyerId: textOf(fields, "buyerId"),
    handover: isFields(fields.handover)
      ? {
          queue: textOf(fields.handover, "queue"),
          until: textOf(fields.handover, "until"),
        }
      : undefined,
    updatedAt: textOf(fields, "updatedAt"),
    state: textOf(fields, "state"),
    effects: listOf(fields, "effects", readEffect),
  };
}

function readEffect(fields: Fields): EffectNote {
  const state = textOf(fields, "state");
  return {
    key: textOf(fields, "key"),
    kind: textOf(fields, "kind"),
    state: state === "done" || state === "given up" ? state : "to do",
    atMs: numberOf(fields, "atMs"),
    detail: textOf(fields, "detail"),
  };
}

export function readBuyer(text: string): BuyerNote {
  const fields = parseFields(text);
  return {
    rankings: listOf(fields, "rankings", readRanking),
    currency: textOf(fields, "currency"),
    balance: numberOf(fields, "balance"),
    reserved: numberOf(fields, "reserved"),
    entries: listOf(fields, "entries", readEntry),
  };
}

function readRanking(fields: Fields): RankingNote {
  return {
    rankingId: textOf(fields, "rankingId"),
    intent: textOf(fields, "intent"),
    candidates: listOf(fields, "candidates", readCandidate),
  };
}

function readCandidate(fields: Fields): CandidateNote {
  return {
    vendorId: textOf(fields, "vendorId"),
    name: textOf(fields, "name"),
    score: numberOf(fields, "score"),
    price: numberOf(fields, "price"),
    currency: textOf(fields, "currency"),
    reasons: textsOf(fields, "reasons"),
  };
}

function readEntry(fields: Fields): EntryNote {
  return {
    at: textOf(fields, "at"),
    amount: numberOf(fields, "amount"),
    balance: maybeNumber(fields, "balance"),
    counterparty: textOf(fields, "counterparty"),
    memo: textOf(fields, "memo"),
  };
}

export function readDeadLetters(text: string): DeadLetterNote[] {
  return listOf(parseFields(text), "letters", readDeadLetter);
}

function readDeadLetter(fields: Fields): DeadLetterNote {
  return {
    id: textOf(fields, "id"),
    failedAtMs: numberOf(fields, "failedAtMs"),
    topic: textOf(fields, "topic"),
    group: textOf(fields, "group"),
    type: textOf(fields, "type"),
    attempts: numberOf(fields, "attempts"),
    reason: textOf(fields, "reason"),
    error: textOf(fields, "error"),
  };
}
