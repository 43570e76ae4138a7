import type { Lead } from "@easymo/agent-core-client";
import type { EventDataByType } from "@easymo/messaging";

/** What we wrote into the lead ourselves, last time. */
export interface Written {
  readonly name?: string | undefined;
  readonly language?: string | undefined;
}

/** What a message tells of a person. */
export interface Told extends Written {
  readonly tags: readonly string[];
  readonly source: string;
}

/** The part of `log-lead` that the message adds. */
export interface Enrichment {
  readonly name?: string;
  readonly language?: string;
  readonly source?: string;
  readonly tags?: readonly string[];
}

const CHANNEL_TAG = "channel:whatsapp";
const MAX_TAG = 64;
const MAX_NAME = 200;

/** What a received message tells of its sender. Pure. */
export function toldByMessage(
  data: Pick<EventDataByType["message.received"], "name" | "referral">,
  language: string | undefined,
): Told {
  const { referral } = data;
  const ad = referral?.sourceId ?? referral?.sourceUrl;
  const origin = ad === undefined ? undefined : `ad:${ad}`;
  return {
    name: data.name?.trim().slice(0, MAX_NAME).trim().toWellFormed(),
    language,
    source: origin?.slice(0, MAX_NAME) ?? "whatsapp",
    tags: [
      CHANNEL_TAG,
      ...(origin === undefined ? [] : [origin.slice(0, MAX_TAG)]),
    ],
  };
}

/** What an intent tells of whoever has it. Pure. */
export function toldByIntent(name: string, language: string): Told {
  return {
    language,
    source: "whatsapp",
    tags: [CHANNEL_TAG, `intent:${name}`.slice(0, MAX_TAG)],
  };
}

/**
 * What to add to a lead. A name or language that is there and is not the one that we wrote was put there by a person: it
 * stays as it is. Pure.
 */
export function enrichmentOf(
  lead: Lead | null,
  told: Told,
  written: Written,
): Enrichment {
  const name = mayWrite(lead?.name, written.name) ? told.name : undefined;
  const language = mayWrite(lead?.language, written.language)
    ? told.language
    : undefined;
  const isNew = (value: string | undefined, known: string | null | undefined) =>
    value !== undefined && value !== "" && value !== known;
  const tags = told.tags.filter((tag) => lead?.tags.includes(tag) !== true);
  return {
    ...(name !== undefined && isNew(name, lead?.name) ? { name } : {}),
    ...(language !== undefined && isNew(language, lead?.language)
      ? { language }
      : {}),
    ...((lead?.source ?? null) === null ? { source: told.source } : {}),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function mayWrite(
  known: string | null | undefined,
  written: string | undefined,
): boolean {
  return known === null || known === undefined || known === written;
}
