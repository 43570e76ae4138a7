import { parsePhoneNumberFromString } from "libphonenumber-js/core";
import numberPlans from "libphonenumber-js/min/metadata";
import { z } from "zod";

// National numbers ("0788 123 456") are read as Rwandan.
const defaultRegion = "RW";

/** The number in E.164; undefined when it is none. Pure. */
export function toE164(text: string): string | undefined {
  if (text.length > 40) return undefined;
  const number = parsePhoneNumberFromString(
    text.trim(),
    {
      defaultCountry: defaultRegion,
      // "call 0788…" is not a number, though one could be found in it.
      extract: false,
    },
    numberPlans,
  );
  return number?.isPossible() === true && number.ext === undefined
    ? number.number
    : undefined;
}

/** A phone number, in E.164 or as written in Rwanda; E.164 once parsed. */
export const phone = z
  .string()
  .max(40)
  .meta({
    description:
      "In E.164, or a Rwandan number as it is written there. Answers are in E.164.",
    examples: ["+250788123456"],
  })
  .transform((text, context) => {
    const e164 = toE164(text);
    if (e164 !== undefined) return e164;
    context.addIssue({
      code: "custom",
      message:
        "must be a phone number, in E.164 (+250788123456) or as written in Rwanda (0788123456)",
    });
    return z.NEVER;
  });

/** Text that Postgres can keep, within a length; blank is nothing. */
export function text(maxCharacters: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxCharacters)
    .refine(
      (value) => !value.includes("\u0000") && value.isWellFormed(),
      "must not contain NUL or half of a surrogate pair",
    );
}

/** May be left out, or null, which means the same. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A channel's own id of a person, such as WhatsApp's user id. */
const userId = text(128).meta({
  description: "The channel's own id of the person, such as WhatsApp's user id",
});

/** A person, by number or id; at least one of both. */
export const personFields = {
  phone: optional(phone),
  userId: optional(userId),
};

/** Adds the rule that somebody must be named. */
export function namingSomebody<T extends z.ZodType<PersonRef>>(schema: T) {
  return schema
    .refine(
      (person) => person.phone !== undefined || person.userId !== undefined,
      { path: ["phone"], error: "give phone or userId, or both" },
    )
    .meta({ anyOf: [{ required: ["phone"] }, { required: ["userId"] }] });
}

/** A person as a request names them. */
export interface PersonRef {
  readonly phone?: string | undefined;
  readonly userId?: string | undefined;
}

/** One thing by which a person is known. */
export interface Identity {
  readonly kind: "phone" | "user";
  readonly value: string;
}

const uuid = z.uuid();

/** The id as this service writes its own; undefined when it is none of them, so that nobody can have it. Pure. */
export function ownId(id: string): string | undefined {
  return uuid.safeParse(id.toLowerCase()).data;
}

/** What a request says of who it is, always in the same order (locks are taken in it). Pure. */
export function identitiesOf(person: PersonRef): Identity[] {
  const identities: Identity[] = [];
  if (person.phone !== undefined)
    identities.push({ kind: "phone", value: person.phone });
  if (person.userId !== undefined)
    identities.push({ kind: "user", value: person.userId });
  return identities;
}

/** Two parallel columns, for `unnest`. */
export function columnsOf(
  identities: readonly Identity[],
): [readonly string[], readonly string[]] {
  return [
    identities.map(({ kind }) => kind),
    identities.map(({ value }) => value),
  ];
}
