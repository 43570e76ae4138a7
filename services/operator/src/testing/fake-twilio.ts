import {
  FakeHttpApi,
  type FakeAnswer,
  type FakeCall,
} from "./fake-http-api.js";

/** A number's settings under the names that Twilio's requests have for them. */
export type TwilioNumberSettings = Record<string, string>;

interface Account {
  readonly authToken: string;
  readonly numbers: Map<
    string,
    { sid: string; settings: TwilioNumberSettings }
  >;
}

const answered: Readonly<Record<string, string>> = {
  VoiceUrl: "voice_url",
  VoiceMethod: "voice_method",
  StatusCallback: "status_callback",
  StatusCallbackMethod: "status_callback_method",
  VoiceApplicationSid: "voice_application_sid",
  TrunkSid: "trunk_sid",
};

/** A number as Twilio hands it out. */
export const newNumberSettings: Readonly<TwilioNumberSettings> = {
  VoiceUrl: "https://demo.twilio.com/welcome/voice/",
  VoiceMethod: "POST",
  StatusCallback: "",
  StatusCallbackMethod: "POST",
  VoiceApplicationSid: "",
  TrunkSid: "",
};

/** Twilio's IncomingPhoneNumbers, with accounts. */
export class FakeTwilio {
  readonly api = new FakeHttpApi((call) => this.#answer(call));
  readonly #accounts = new Map<string, Account>();
  #numbers = 0;

  addAccount(accountSid: string, authToken: string): void {
    const numbers: Account["numbers"] =
      this.#accounts.get(accountSid)?.numbers ??
      new Map<string, { sid: string; settings: TwilioNumberSettings }>();
    this.#accounts.set(accountSid, { authToken, numbers });
  }

  addNumber(
    accountSid: string,
    address: string,
    settings: Partial<TwilioNumberSettings> = {},
  ): void {
    this.#numbers += 1;
    this.#account(accountSid).numbers.set(address, {
      sid: `PN${String(this.#numbers).padStart(32, "0")}`,
      settings: { ...newNumberSettings, ...definedOf(settings) },
    });
  }

  removeNumber(accountSid: string, address: string): void {
    this.#account(accountSid).numbers.delete(address);
  }

  /** The number's settings now; may be changed "by hand". */
  settings(accountSid: string, address: string): TwilioNumberSettings {
    const number = this.#account(accountSid).numbers.get(address);
    if (number === undefined) throw new Error(`There is no number ${address}.`);
    return number.settings;
  }

  /** What was written, in order. */
  get writes(): readonly TwilioNumberSettings[] {
    return this.api.calls
      .filter(({ method }) => method === "POST")
      .map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
  }

  #account(accountSid: string): Account {
    const account = this.#accounts.get(accountSid);
    if (account === undefined)
      throw new Error(`There is no account ${accountSid}.`);
    return account;
  }

  #answer(call: FakeCall): FakeAnswer {
    const [, accountSid = "", sid] =
      /^\/2010-04-01\/Accounts\/([^/]+)\/IncomingPhoneNumbers(?:\/([^/]+))?\.json$/.exec(
        call.path,
      ) ?? [];
    const account = this.#accounts.get(accountSid);
    const pair = `${accountSid}:${account?.authToken ?? ""}`;
    const wanted = `Basic ${Buffer.from(pair).toString("base64")}`;
    if (account === undefined || call.headers.authorization !== wanted)
      return twilioError(401, 20_003, "Authenticate");
    const entries = [...account.numbers].map(([address, number]) => ({
      address,
      ...number,
    }));
    if (sid === undefined) {
      const pattern = call.query.get("PhoneNumber") ?? "";
      return {
        status: 200,
        body: {
          incoming_phone_numbers: entries
            .filter(({ address }) => address.includes(pattern))
            .map(resourceOf),
        },
      };
    }
    const number = entries.find((entry) => entry.sid === sid);
    if (number === undefined)
      return twilioError(404, 20_404, "The requested resource was not found");
    Object.assign(
      number.settings,
      Object.fromEntries(new URLSearchParams(call.body)),
    );
    return { status: 200, body: resourceOf(number) };
  }
}

/** A refusal in Twilio's shape. */
export function twilioError(
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
): FakeAnswer {
  return { status, headers, body: { code, message, status } };
}

function resourceOf(number: {
  address: string;
  sid: string;
  settings: TwilioNumberSettings;
}) {
  return {
    sid: number.sid,
    phone_number: number.address,
    ...Object.fromEntries(
      Object.entries(answered).map(([written, read]) => [
        read,
        // What is not set is null, for the identifiers, and the empty text for addresses.
        written.endsWith("Sid") && number.settings[written] === ""
          ? null
          : number.settings[written],
      ]),
    ),
  };
}

function definedOf(
  settings: Partial<TwilioNumberSettings>,
): TwilioNumberSettings {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    ),
  );
}
