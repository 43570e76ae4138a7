import type { Clock } from "@easymo/service-kit";
import type { CountryCode } from "libphonenumber-js/min";
import { z } from "zod";
import { payloadProblem } from "./json-shape.js";
import { parseParty, type Party } from "./party.js";

export const sipEventKinds = [
  "ringing",
  "connected",
  "audio",
  "dtmf",
  "ended",
] as const;

const kinds: ReadonlySet<unknown> = new Set(sipEventKinds);

/** Whether a value names something that happens to a call. */
export function isEventKind(
  value: unknown,
): value is (typeof sipEventKinds)[number] {
  return kinds.has(value);
}

/** Clocks differ a little; an event from further ahead is refused. */
export const MAX_AHEAD_MS = 5 * 60_000;

export const MAX_ADDRESS_CHARACTERS = 256;
export const MAX_KEY_CHARACTERS = 512;

/** RFC 3261 §25.1 allows no spaces and nothing but ASCII in a Call-ID. */
export const CALL_ID = /^[\x21-\x7e]{1,256}$/;

const callId = z
  .string()
  .regex(CALL_ID, "must be 1 to 256 visible ASCII characters, without spaces");

/** What `idempotencyKey` and the `Idempotency-Key` header may be. */
export const idempotencyKey = z
  .string()
  .min(1, "must not be empty")
  .max(MAX_KEY_CHARACTERS, `must have at most ${MAX_KEY_CHARACTERS} characters`)
  .refine((key) => key.isWellFormed(), "must be well-formed Unicode");

const payload = z
  .unknown()
  .superRefine((value, context) => {
    const message = payloadProblem(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  })
  .pipe(z.json());

/** A party, with what was written in its place. */
export interface GivenParty extends Party {
  readonly given: string;
}

/** Reads what is written in a party's place; undefined when it is nobody. */
export type ReadParty = (given: string) => GivenParty | undefined;

/** How many parties are remembered at least: a call's events come in turn and name the same two. */
const MIN_PARTIES = 1_000;

/** Reads parties, and remembers those that it read last. */
export function partyReader(
  defaultCountry: CountryCode | undefined,
): ReadParty {
  let recent = new Map<string, GivenParty>();
  let older = recent;
  return (given) => {
    const known = recent.get(given);
    if (known !== undefined) return known;
    const party = older.get(given) ?? read(given, defaultCountry);
    if (party === undefined) return undefined;
    if (recent.size >= MIN_PARTIES) {
      older = recent;
      recent = new Map();
    }
    recent.set(given, party);
    return party;
  };
}

function read(
  given: string,
  defaultCountry: CountryCode | undefined,
): GivenParty | undefined {
  const party = parseParty(given, defaultCountry);
  return party === undefined ? undefined : { ...party, given };
}

function partyField(readParty: ReadParty) {
  return z
    .string()
    .min(1, "must not be empty")
    .max(
      MAX_ADDRESS_CHARACTERS,
      `must have at most ${MAX_ADDRESS_CHARACTERS} characters`,
    )
    .transform((given, context): GivenParty => {
      const party = readParty(given);
      if (party !== undefined) return party;
      context.addIssue({
        code: "custom",
        message:
          "must be a phone number, a tel: or SIP URI, or a name without spaces",
      });
      return z.NEVER;
    });
}

/** The body of `POST /sip/events`, or one of a batch. */
export function sipEventSchema(options: {
  readonly clock: Clock;
  readonly readParty: ReadParty;
}) {
  const end = partyField(options.readParty);
  return z.strictObject({
    callId,
    event: z.enum(sipEventKinds, `must be one of ${sipEventKinds.join(", ")}`),
    timestamp: z.iso
      .datetime({
        offset: true,
        error: "must be an RFC 3339 time, such as 2026-03-01T08:30:00Z",
      })
      .refine(
        (time) => Date.parse(time) <= options.clock.now() + MAX_AHEAD_MS,
        "is in the future: set the sender's clock",
      ),
    from: end.optional(),
    to: end.optional(),
    payload: payload.optional(),
    idempotencyKey: idempotencyKey.optional(),
  });
}

export type Json = z.core.util.JSONType;

/** What happened to a call, as its signaller tells it. */
export type SipEvent = z.output<ReturnType<typeof sipEventSchema>>;
export type SipEventSchema = ReturnType<typeof sipEventSchema>;
