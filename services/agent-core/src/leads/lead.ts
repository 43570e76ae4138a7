import { z } from "zod";
import { text } from "../people/fields.js";

/** A BCP 47 tag; `en_US`, as Meta writes it, is `en-US`. */
const language = z
  .string()
  .max(35)
  .regex(
    /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/,
    "must be a language tag, for example rw or en-US",
  )
  .transform((tag) => tag.replaceAll("_", "-"));

/** What is kept of a person. */
export interface Lead {
  readonly leadId: string;
  readonly phone: string | null;
  readonly userId: string | null;
  readonly name: string | null;
  readonly language: string | null;
  readonly source: string | null;
  readonly lastChannel: string | null;
  readonly tags: readonly string[];
  readonly optIn: boolean | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What one request tells of a person. */
export interface LeadEvidence {
  readonly phone?: string | undefined;
  readonly userId?: string | undefined;
  readonly name?: string | undefined;
  readonly language?: string | undefined;
  readonly source?: string | undefined;
  readonly lastChannel?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly optIn?: boolean | undefined;
}

/** A person nobody knew. Pure. */
export function newLead(leadId: string, nowMs: number): Lead {
  return {
    leadId,
    phone: null,
    userId: null,
    name: null,
    language: null,
    source: null,
    lastChannel: null,
    tags: [],
    optIn: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/**
 * What is known after the evidence: what it tells replaces what was known, what it does not tell stays, tags are added.
 * The source stays what it was at first: where the person came from does not change. Pure.
 */
export function withEvidence(
  lead: Lead,
  evidence: LeadEvidence,
  nowMs: number,
): Lead {
  return {
    ...lead,
    phone: evidence.phone ?? lead.phone,
    userId: evidence.userId ?? lead.userId,
    name: evidence.name ?? lead.name,
    language: evidence.language ?? lead.language,
    source: lead.source ?? evidence.source ?? null,
    lastChannel: evidence.lastChannel ?? lead.lastChannel,
    tags: union(lead.tags, evidence.tags ?? []),
    optIn: evidence.optIn ?? lead.optIn,
    updatedAtMs: Math.max(nowMs, lead.updatedAtMs),
  };
}

/**
 * Two leads that turned out to be one person: the older one stays, and what it lacks comes from the newer one. A "no" to
 * being written to outweighs a "yes". Pure.
 */
export function joined(
  one: Lead,
  other: Lead,
): { survivor: Lead; absorbed: Lead } {
  const [survivor, absorbed] = isOlder(one, other)
    ? [one, other]
    : [other, one];
  const [later, earlier] =
    survivor.updatedAtMs < absorbed.updatedAtMs
      ? [absorbed, survivor]
      : [survivor, absorbed];
  return {
    absorbed,
    survivor: {
      ...survivor,
      phone: survivor.phone ?? absorbed.phone,
      userId: survivor.userId ?? absorbed.userId,
      name: survivor.name ?? absorbed.name,
      language: survivor.language ?? absorbed.language,
      source: survivor.source ?? absorbed.source,
      lastChannel: later.lastChannel ?? earlier.lastChannel,
      tags: union(survivor.tags, absorbed.tags),
      optIn:
        survivor.optIn === false || absorbed.optIn === false
          ? false
          : (survivor.optIn ?? absorbed.optIn),
      updatedAtMs: Math.max(survivor.updatedAtMs, absorbed.updatedAtMs),
    },
  };
}

/** A lead as answers show it. */
export const leadShape = z
  .object({
    leadId: z.uuid(),
    phone: z.string().nullable().meta({ description: "E.164; the last seen" }),
    userId: z.string().nullable(),
    name: z.string().nullable(),
    language: z.string().nullable(),
    tags: z.array(z.string()),
    optedOut: z.boolean().meta({
      description:
        "Whether the registry says that nothing may go out to this person, by any number or id that they are known by",
    }),
    optIn: z.boolean().nullable().meta({
      description:
        "What they said about being written to; null when never asked, false while opted out",
    }),
    source: z.string().nullable(),
    lastChannel: z.string().nullable().meta({
      description: "The channel on which they were last heard from",
    }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Lead" });

/** The lead as it is answered. Pure. */
export function shownLead(
  lead: Lead,
  optedOut: boolean,
): z.input<typeof leadShape> {
  const { createdAtMs, updatedAtMs, tags, optIn, ...rest } = lead;
  return {
    ...rest,
    tags: [...tags],
    optedOut,
    optIn: optedOut ? false : optIn,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}

/** What `log-lead` takes besides the person. */
export const leadDetails = {
  name: text(200),
  language,
  tags: z.array(text(64)).max(50),
  source: text(200),
  lastChannel: z
    .string()
    .regex(
      /^[a-z][a-z0-9_]{0,31}$/,
      "must be a channel's name, for example voice or whatsapp",
    ),
  optIn: z.boolean(),
};

function isOlder(one: Lead, other: Lead): boolean {
  return one.createdAtMs === other.createdAtMs
    ? one.leadId < other.leadId
    : one.createdAtMs < other.createdAtMs;
}

function union(
  known: readonly string[],
  added: readonly string[],
): readonly string[] {
  return [...new Set([...known, ...added])];
}
