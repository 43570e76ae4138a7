import { z } from "zod";
import {
  exchange,
  isTemporary,
  retryAfterMs,
  type Answer,
} from "./exchange.js";
import {
  ProviderError,
  type NumberProvider,
  type NumberSettings,
  type ProviderNumber,
} from "./provider.js";

export interface TwilioOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** `TWILIO_API_URL`. */
  readonly apiUrl: string;
  readonly timeoutMs: number;
  /** Epoch milliseconds, for a `Retry-After` that is a date. */
  readonly now: () => number;
}

const text = z.string().nullish();

const list = z.object({
  incoming_phone_numbers: z.array(
    z.object({
      sid: z.string().min(1),
      phone_number: z.string(),
      voice_url: text,
      voice_method: text,
      status_callback: text,
      status_callback_method: text,
      voice_application_sid: text,
      trunk_sid: text,
    }),
  ),
});

const refusal = z.object({
  code: z.number().optional(),
  message: z.string().optional(),
});

/**
 * Twilio's IncomingPhoneNumber resource. Its own client keeps a refusal's headers to itself, `Retry-After` among them, so
 * this speaks HTTP.
 * Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
 */
export function createTwilio(options: TwilioOptions): NumberProvider {
  const { accountSid, authToken, apiUrl, timeoutMs, now } = options;
  const pair = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
  const base = `${apiUrl.replace(/\/+$/, "")}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/IncomingPhoneNumbers`;
  const request = async (
    url: string,
    init: Parameters<typeof exchange>[2],
    signal: AbortSignal,
  ): Promise<Answer> => {
    const answer = await exchange(
      { title, authorization: `Basic ${pair}`, timeoutMs },
      url,
      init,
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw problemOf(answer, now());
  };
  return {
    async find(address, signal) {
      // Twilio takes the number for a pattern: what it finds may be longer.
      const query = new URLSearchParams({
        PhoneNumber: address,
        PageSize: "50",
      });
      const answer = await request(
        `${base}.json?${query.toString()}`,
        {},
        signal,
      );
      const parsed = list.safeParse(answer.body);
      if (!parsed.success)
        throw new ProviderError(
          "ProviderUnreachable",
          "Twilio's answer is not a list of numbers: is TWILIO_API_URL its REST API?",
        );
      const found = parsed.data.incoming_phone_numbers.find(
        (number) => number.phone_number === address,
      );
      if (found === undefined)
        throw new ProviderError(
          "NumberNotFound",
          `The Twilio account ${accountSid} has no number ${address}.`,
        );
      return numberOf(found);
    },
    async write(number, settings, signal) {
      await request(
        `${base}/${encodeURIComponent(number.id)}.json`,
        { method: "POST", body: new URLSearchParams(settings) },
        signal,
      );
    },
  };
}

const title = "Twilio";

/**
 * What a number of this platform is set to. A number that belongs to a TwiML application or to a trunk ignores its own
 * addresses, so it belongs to neither.
 */
export function twilioSettings(addresses: {
  readonly voice: string;
  readonly status: string;
}): NumberSettings {
  return {
    VoiceUrl: addresses.voice,
    VoiceMethod: "POST",
    StatusCallback: addresses.status,
    StatusCallbackMethod: "POST",
    VoiceApplicationSid: "",
    TrunkSid: "",
  };
}

function numberOf(
  found: z.infer<typeof list>["incoming_phone_numbers"][number],
): ProviderNumber {
  return {
    id: found.sid,
    settings: {
      VoiceUrl: found.voice_url ?? "",
      VoiceMethod: found.voice_method ?? "",
      StatusCallback: found.status_callback ?? "",
      StatusCallbackMethod: found.status_callback_method ?? "",
      VoiceApplicationSid: found.voice_application_sid ?? "",
      TrunkSid: found.trunk_sid ?? "",
    },
  };
}

function problemOf(answer: Answer, nowMs: number): ProviderError {
  const { status, headers } = answer;
  const { code, message } = refusal.safeParse(answer.body).data ?? {};
  const said = `${message ?? "no reason given"} (HTTP ${status}${code === undefined ? "" : `, code ${code}`})`;
  if (isTemporary(status))
    return new ProviderError(
      "ProviderUnreachable",
      `Twilio could not answer: ${said}.`,
      { retryAfterMs: retryAfterMs(headers, nowMs) },
    );
  // The account is part of the address: one that does not exist is a 404 as well.
  if (status === 401 || status === 403 || status === 404)
    return new ProviderError(
      "CredentialsRejected",
      `Twilio rejected TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: ${said}.`,
    );
  return new ProviderError("ProviderRefused", `Twilio refused: ${said}.`);
}
