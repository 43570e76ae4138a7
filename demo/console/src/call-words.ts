/** The carrier's state of a call, as one says it. */
export function stateInWords(state: string): string {
  switch (state) {
    case "queued":
    case "initiated":
    case "ringing":
      return "Ringing…";
    case "in-progress":
      return "Answered";
    case "busy":
      return "Busy";
    case "no-answer":
      return "No answer";
    default:
      return "Ended";
  }
}

/** Why a call ended, as one says it. */
export function reasonInWords(reason: string): string {
  switch (reason) {
    case "caller-hangup":
      return "You hung up.";
    case "twiml-hangup":
    case "twiml-end":
    case "api":
      return "The agent hung up.";
    case "busy":
      return "The line is busy.";
    case "rejected":
    case "no-answer":
      return "Nobody answered.";
    case "canceled":
      return "The call was called off.";
    case "application-error":
      return "The call failed.";
    default:
      return "The call has ended.";
  }
}
