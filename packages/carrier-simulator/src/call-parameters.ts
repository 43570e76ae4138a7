import type { CallStatus, Direction } from "./call-types.js";
import type { Parameters } from "./webhooks.js";

/**
 * What every webhook and callback says of a call:
 * <https://www.twilio.com/docs/voice/twiml#request-parameters>.
 */
export function callParameters(
  accountSid: string,
  call: {
    readonly callSid: string;
    readonly state: CallStatus;
    readonly from: string;
    readonly to: string;
    readonly direction: Direction;
  },
  answeredBy: string | undefined,
): Parameters {
  return {
    AccountSid: accountSid,
    ApiVersion: "2010-04-01",
    CallSid: call.callSid,
    CallStatus: call.state,
    Called: call.to,
    Caller: call.from,
    Direction: call.direction,
    From: call.from,
    To: call.to,
    ...(answeredBy === undefined ? {} : { AnsweredBy: answeredBy }),
  };
}
