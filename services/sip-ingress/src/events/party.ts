import {
  parsePhoneNumberFromString,
  type CountryCode,
} from "libphonenumber-js/min";
import {
  formatSipUri,
  parseSipUri,
  uriOfHeader,
  type SipUri,
} from "./sip-uri.js";

/** One end of a call. */
export interface Party {
  /** E.164 where a number is known; else the SIP address, or what the signaller calls it ("anonymous", an extension). */
  readonly address: string;
  /** The number, where one is known. */
  readonly phone: string | undefined;
  /** The SIP address that it came in. */
  readonly uri: SipUri | undefined;
}

const NAME = /^[\w.*#-]{1,64}$/;
const NUMBER = /^\+?[\d\s().-]+$/;
const PLAIN_E164 = /^\+\d{6,15}$/;
const MAX_NUMBER_CHARACTERS = 64;

/**
 * Reads a number, a `tel:` or SIP URI, a whole `From` or `To` header, or a bare name. Undefined for anything else. What it
 * says is only what the signaller says. Never throws.
 */
export function parseParty(
  text: string,
  defaultCountry?: CountryCode,
): Party | undefined {
  const uri = uriOfHeader(text);
  if (uri === undefined) return undefined;
  if (/^sips?:/i.test(uri)) return ofSipUri(uri, defaultCountry);
  if (/^tel:/i.test(uri)) {
    const subscriber = uri.slice("tel:".length).split(";", 1)[0] ?? "";
    return ofBareText(subscriber, defaultCountry);
  }
  // Within brackets there is a URI, never a name.
  return uri === text.trim() ? ofBareText(uri, defaultCountry) : undefined;
}

function ofSipUri(
  text: string,
  defaultCountry: CountryCode | undefined,
): Party | undefined {
  const uri = parseSipUri(text);
  if (uri === undefined) return undefined;
  // A telephone number in the user part may have parameters of its own: `+250788000001;phone-context=…`.
  const phone = phoneOf(
    unescaped(uri.user?.split(";", 1)[0] ?? ""),
    defaultCountry,
  );
  if (phone !== undefined) return { address: phone, phone, uri };
  // RFC 3323 §4.1.1.3: how a caller who withholds the number is written.
  const isWithheld = uri.host === "anonymous.invalid";
  return {
    address: isWithheld ? "anonymous" : formatSipUri(uri),
    phone: undefined,
    uri,
  };
}

function ofBareText(
  text: string,
  defaultCountry: CountryCode | undefined,
): Party | undefined {
  const phone = phoneOf(text, defaultCountry);
  if (phone !== undefined) return { address: phone, phone, uri: undefined };
  return NAME.test(text)
    ? { address: text, phone: undefined, uri: undefined }
    : undefined;
}

function phoneOf(
  text: string,
  defaultCountry: CountryCode | undefined,
): string | undefined {
  if (text.length > MAX_NUMBER_CHARACTERS || !NUMBER.test(text))
    return undefined;
  const number = parsePhoneNumberFromString(text, {
    ...(defaultCountry === undefined ? {} : { defaultCountry }),
    // There is nothing but a number to be found.
    ...(PLAIN_E164.test(text) ? { extract: false } : {}),
  });
  return number?.isPossible() === true ? number.number : undefined;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
