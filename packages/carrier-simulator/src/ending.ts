import type { CallStatus, EndReason } from "./call-types.js";

/**
 * The status of a call that ended for that reason. <Reject>: "The call ends with a status of busy or no-answer"
 * (twilio.com/docs/voice/twiml/reject).
 */
export function statusAfter(
  reason: EndReason,
  wasAnswered: boolean,
): CallStatus {
  switch (reason) {
    case "busy":
    case "no-answer":
    case "canceled":
      return reason;
    case "rejected":
      return "no-answer";
    case "application-error":
      return wasAnswered ? "completed" : "failed";
    case "caller-hangup":
    case "twiml-hangup":
    case "twiml-end":
    case "api":
    case "simulator-closed":
      return wasAnswered ? "completed" : "canceled";
  }
}
