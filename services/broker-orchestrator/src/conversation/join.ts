import type { Names } from "./identity.js";
import type { Conversation } from "./state.js";
import { limits } from "./limits.js";

/**
 * One conversation of two that turned out to be the same person's, in one tenant. What the person refused stays refused:
 * the later word counts. Pure.
 */
export function joinConversations(
  kept: Conversation,
  other: Conversation,
): Conversation {
  const [older, newer] =
    Date.parse(kept.updatedAt) <= Date.parse(other.updatedAt)
      ? [kept, other]
      : [other, kept];
  const { optedOut: _older, ...before } = older;
  const { optedOut: _newer, ...after } = newer;
  return {
    ...before,
    ...after,
    ...consentOf(kept, other),
    ...whatsappOf(kept, other),
    id: kept.id,
    tenantId: kept.tenantId,
    names: joinNames(other.names, kept.names),
    channels: [...new Set([...older.channels, ...newer.channels])],
    turns: kept.turns + other.turns,
    lines: merged(kept.lines, other.lines, limits.lines, ({ at }) => at),
    calls: merged(kept.calls, other.calls, limits.calls, ({ at }) => at),
    intents: merged(
      kept.intents,
      other.intents,
      limits.intents,
      ({ at }) => at,
    ),
    payments: merged(
      kept.payments,
      other.payments,
      limits.payments,
      ({ at }) => at,
    ),
    seen: [...new Set([...older.seen, ...newer.seen])].slice(-limits.seen),
    outbox: [...kept.outbox, ...other.outbox],
  };
}

/** What is known of names; of two, the later one's. Pure. */
export function joinNames(known: Names, more: Names): Names {
  if (hasAll(known, more)) return known;
  const callIds = [
    ...new Set([...(known.callIds ?? []), ...(more.callIds ?? [])]),
  ].slice(-limits.calls);
  return { ...known, ...more, ...(callIds.length === 0 ? {} : { callIds }) };
}

function hasAll(known: Names, { phone, userId, sip, callIds }: Names): boolean {
  return (
    (phone === undefined || phone === known.phone) &&
    (userId === undefined || userId === known.userId) &&
    (sip === undefined || sip === known.sip) &&
    (callIds?.every((callId) => known.callIds?.includes(callId)) ?? true)
  );
}

function consentOf(
  a: Conversation,
  b: Conversation,
): Pick<Conversation, "optedOut" | "optedInAt"> {
  const optedInAt = latest([a.optedInAt, b.optedInAt]);
  const outs = [a.optedOut, b.optedOut].filter((out) => out !== undefined);
  outs.sort((x, y) => Date.parse(x.at) - Date.parse(y.at));
  const out = outs.at(-1);
  const stands =
    out !== undefined &&
    (optedInAt === undefined || Date.parse(out.at) >= Date.parse(optedInAt));
  return {
    ...(optedInAt === undefined ? {} : { optedInAt }),
    ...(stands ? { optedOut: out } : {}),
  };
}

function whatsappOf(
  a: Conversation,
  b: Conversation,
): Pick<Conversation, "whatsapp"> {
  const both = [a.whatsapp, b.whatsapp].filter((one) => one !== undefined);
  both.sort((x, y) => Date.parse(x.wroteAt) - Date.parse(y.wroteAt));
  const last = both.at(-1);
  return last === undefined ? {} : { whatsapp: last };
}

function latest(times: readonly (string | undefined)[]): string | undefined {
  return times
    .filter((time) => time !== undefined)
    .sort((x, y) => Date.parse(x) - Date.parse(y))
    .at(-1);
}

function merged<T>(
  a: readonly T[],
  b: readonly T[],
  limit: number,
  at: (one: T) => string,
): T[] {
  return [...a, ...b]
    .sort((x, y) => Date.parse(at(x)) - Date.parse(at(y)))
    .slice(-limit);
}
