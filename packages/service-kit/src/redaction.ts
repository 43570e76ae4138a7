/**
 * What must not be read in a log: telephone numbers, people's names, message
 * texts, transcripts and secrets. Works on plain data, so that one place sees
 * every log line whatever it was made from.
 */

export const REDACTED = "[redacted]";

/**
 * Masks a telephone number: `+250780000001` becomes `+2507*****01`. Whatever the
 * number's length, no more than its first four and last two digits remain, and
 * at least five digits are hidden.
 */
export function maskPhone(e164: string): string {
  const digits = e164.replace(/\D/g, "");
  const plus = e164.trimStart().startsWith("+") ? "+" : "";
  if (digits.length < 7) {
    return `${plus}*****`;
  }
  const headLength = Math.min(4, digits.length - 7);
  return `${plus}${digits.slice(0, headLength)}*****${digits.slice(-2)}`;
}

/**
 * In this order: identifiers that may hold long runs of digits and are no
 * telephone number (UUIDs, Twilio SIDs, trace contexts and ids), which stay;
 * E.164 numbers with or without separators; national numbers in groups; and
 * any run of nine digits or more.
 */
const NUMBERS = new RegExp(
  [
    String.raw`(?<identifier>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`,
    String.raw`|\b[A-Z]{2}[0-9a-f]{32}\b`,
    String.raw`|\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b`,
    String.raw`|\b(?=(?:\d*[a-f]){4})[0-9a-f]{32}\b)`,
    String.raw`|\+ ?\(?\d(?:[\s().\u2010-\u2015-]{0,2}\d){6,}`,
    String.raw`|(?<![\d.:-])\d{2,4}[ -]\d{3}[ -]\d{3,4}(?:[ -]\d{3,4})?(?![\d-])`,
    String.raw`|\d{9,}`,
  ].join(""),
  "g",
);

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) +[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  [/\/\/[^/@\s]{1,512}@/g, "//***@"],
  [/\bsk-[\w-]{8,}/g, REDACTED],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, REDACTED],
];

/** Masks every telephone number and known form of credential in a text. */
export function maskText(text: string): string {
  let masked = text;
  for (const [pattern, replacement] of SECRETS) {
    masked = masked.replace(pattern, replacement);
  }
  return masked.replace(NUMBERS, (found, identifier: string | undefined) =>
    identifier === undefined ? maskPhone(found) : found,
  );
}

/** Keys whose values are never logged, at any depth; compared without case, `_` and `-`. */
const SENSITIVE_KEYS: ReadonlySet<string> = new Set([
  "text",
  "transcript",
  "transcripts",
  "utterance",
  "phrase",
  "body",
  "rawbody",
  "caption",
  "content",
  "name",
  "firstname",
  "lastname",
  "fullname",
  "displayname",
  "profilename",
  "callername",
  "customername",
  "contactname",
  "personname",
  "authorization",
  "cookie",
  "setcookie",
  "jwt",
  "credentials",
  "passwd",
]);

const SENSITIVE_SUFFIXES = [
  "token",
  "secret",
  "password",
  "apikey",
  "privatekey",
  "signature",
] as const;

function isSensitive(key: string): boolean {
  const plain = key.toLowerCase().replace(/[_-]/g, "");
  return (
    SENSITIVE_KEYS.has(plain) ||
    SENSITIVE_SUFFIXES.some((suffix) => plain.endsWith(suffix))
  );
}

/** `durationMs: 1700000000000` is a quantity, `phone: 250780000001` is not. */
const QUANTITY_KEY = /(?:Ms|Seconds|Bytes|Count|At)$|^(?:time|pid)$/;

function redactNumber(value: number, key: string): number | string {
  return Number.isInteger(value) &&
    Math.abs(value) >= 1e8 &&
    Math.abs(value) < 1e15 &&
    !QUANTITY_KEY.test(key)
    ? maskPhone(String(value))
    : value;
}

/**
 * A copy of JSON-like data that may be logged: sensitive keys hold
 * `[redacted]`, numbers and credentials are masked wherever they stand, in keys
 * as in values.
 */
export function redact(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    return maskText(value);
  }
  if (typeof value === "number") {
    return redactNumber(value, key);
  }
  if (Array.isArray(value)) {
    return value.map((item) => redact(item, key));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        maskText(name),
        isSensitive(name) ? REDACTED : redact(inner, name),
      ]),
    );
  }
  return value;
}
