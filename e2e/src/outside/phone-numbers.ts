import type { IncomingMessage, RequestListener } from "node:http";
import { bodyOf } from "./request-body.js";

/** Twilio's IncomingPhoneNumbers: any number is the account's, and has the settings that it was last given. */
export class PhoneNumbers {
  readonly #authorization: string;
  readonly #settings = new Map<string, Map<string, string>>();

  constructor(accountSid: string, authToken: string) {
    const pair = Buffer.from(`${accountSid}:${authToken}`).toString("base64");
    this.#authorization = `Basic ${pair}`;
  }

  /** Where calls to a number go; nowhere before somebody has said so. */
  voiceUrl(number: string): string | undefined {
    return this.#settings.get(number)?.get("VoiceUrl");
  }

  /** Answers what is about numbers, and leaves the rest to the other listener. */
  before(other: RequestListener): RequestListener {
    return (request, response) => {
      const url = new URL(request.url ?? "/", "http://twilio");
      const [, sid, rest] =
        /\/IncomingPhoneNumbers(?:\/PN([^/.]+))?(\.json)$/.exec(url.pathname) ??
        [];
      if (rest === undefined) {
        other(request, response);
        return;
      }
      this.#answer(request, url, sid).then(
        ({ status, body }) => {
          response.writeHead(status, { "content-type": "application/json" });
          response.end(JSON.stringify(body));
        },
        () => response.destroy(),
      );
    };
  }

  async #answer(
    request: IncomingMessage,
    url: URL,
    sid: string | undefined,
  ): Promise<{ status: number; body: unknown }> {
    if (request.headers.authorization !== this.#authorization)
      return { status: 401, body: { code: 20_003, message: "Authenticate" } };
    if (sid === undefined) {
      const number = url.searchParams.get("PhoneNumber") ?? "";
      return {
        status: 200,
        body: { incoming_phone_numbers: [this.#resource(number)] },
      };
    }
    const number = `+${sid}`;
    const changed = new URLSearchParams(await bodyOf(request));
    this.#settings.set(
      number,
      new Map([...(this.#settings.get(number) ?? []), ...changed]),
    );
    return { status: 200, body: this.#resource(number) };
  }

  #resource(number: string) {
    const of = (name: string): string =>
      this.#settings.get(number)?.get(name) ?? "";
    return {
      sid: `PN${number.replace("+", "")}`,
      phone_number: number,
      voice_url: of("VoiceUrl"),
      voice_method: of("VoiceMethod") || "POST",
      status_callback: of("StatusCallback"),
      status_callback_method: of("StatusCallbackMethod") || "POST",
      voice_application_sid: of("VoiceApplicationSid") || null,
      trunk_sid: of("TrunkSid") || null,
    };
  }
}
