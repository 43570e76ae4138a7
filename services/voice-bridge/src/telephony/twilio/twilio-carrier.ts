import twilio from "twilio";
import { CarrierError, type Carrier, type DialRequest } from "../carrier.js";
import { publicAddress } from "./signature.js";

export interface TwilioCarrierOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** Twilio's own address unless given. */
  readonly apiUrl: string | undefined;
  readonly publicUrl: URL;
  readonly timeoutMs: number;
}

const STATUS_EVENTS = ["initiated", "ringing", "answered", "completed"];

/** Twilio's REST API: https://www.twilio.com/docs/voice/api/call-resource */
export function createTwilioCarrier(options: TwilioCarrierOptions): Carrier {
  const { publicUrl } = options;
  const client = twilio(options.accountSid, options.authToken, {
    timeout: options.timeoutMs,
  });
  if (options.apiUrl !== undefined)
    client.api.baseUrl = options.apiUrl.replace(/\/$/, "");
  const statusUrl = publicAddress(publicUrl, "/twilio/status");
  return {
    async dial(request: DialRequest) {
      const agent = encodeURIComponent(request.agent);
      const call = await attempt(() =>
        client.calls.create({
          from: request.from,
          to: request.to,
          url: publicAddress(publicUrl, `/twilio/voice?agent=${agent}`),
          method: "POST",
          statusCallback: statusUrl,
          statusCallbackMethod: "POST",
          statusCallbackEvent: STATUS_EVENTS,
          machineDetection: "Enable",
          asyncAmd: "true",
          asyncAmdStatusCallback: statusUrl,
          asyncAmdStatusCallbackMethod: "POST",
        }),
      );
      return { callId: call.sid };
    },
    async hangUp(callId) {
      await attempt(() => client.calls(callId).update({ status: "completed" }));
    },
  };
}

async function attempt<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    const status = error instanceof twilio.RestException ? error.status : 0;
    throw new CarrierError(
      error instanceof Error ? error.message : "the carrier did not answer",
      status >= 400 && status < 500 && status !== 429,
      { cause: error },
    );
  }
}
