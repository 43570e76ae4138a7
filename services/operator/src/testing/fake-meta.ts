import { z } from "zod";
import {
  FakeHttpApi,
  type FakeAnswer,
  type FakeCall,
} from "./fake-http-api.js";

const change = z.object({
  webhook_configuration: z.object({
    override_callback_uri: z.string(),
    verify_token: z.string().optional(),
  }),
});

/** The part of Meta's Graph API that says where a WhatsApp number's webhooks go. */
export class FakeMeta {
  readonly api = new FakeHttpApi((call) => this.#answer(call));
  /** Overrides by phone number id; a number without one has the empty text. */
  readonly overrides = new Map<string, string>();
  /** What is accepted as `Authorization: Bearer`. */
  accessToken: string;
  /** What the webhook's address would answer to: Meta asks it before it takes the address. */
  verifyToken: string;

  constructor(options: { accessToken: string; verifyToken: string }) {
    this.accessToken = options.accessToken;
    this.verifyToken = options.verifyToken;
  }

  /** What was written, in order. */
  get writes(): readonly { id: string; address: string }[] {
    return this.api.calls
      .filter(({ method }) => method === "POST")
      .map(({ path, body }) => ({
        id: idOf(path),
        address: change.parse(JSON.parse(body)).webhook_configuration
          .override_callback_uri,
      }));
  }

  #answer(call: FakeCall): FakeAnswer {
    const id = idOf(call.path);
    if (call.headers.authorization !== `Bearer ${this.accessToken}`)
      return metaError(401, 190, "Invalid OAuth access token");
    const override = this.overrides.get(id);
    if (override === undefined)
      return metaError(
        400,
        100,
        `Unsupported request. Object with ID '${id}' does not exist`,
        33,
      );
    if (call.method === "GET")
      return {
        status: 200,
        body: {
          id,
          webhook_configuration: {
            ...(override === "" ? {} : { phone_number: override }),
            application: "https://app.example/webhook",
          },
        },
      };
    const { override_callback_uri: address, verify_token: token } =
      change.parse(JSON.parse(call.body)).webhook_configuration;
    if (address !== "" && token !== this.verifyToken)
      return metaError(400, 2200, "(#2200) Callback verification failed");
    this.overrides.set(id, address);
    return { status: 200, body: { success: true } };
  }
}

/** A refusal in Meta's shape. */
export function metaError(
  status: number,
  code: number,
  message: string,
  subcode?: number,
): FakeAnswer {
  return {
    status,
    body: {
      error: {
        message,
        type: "OAuthException",
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
      },
    },
  };
}

/** The last part of `/v25.0/<id>`. */
function idOf(path: string): string {
  return path.split("/").at(-1) ?? "";
}
