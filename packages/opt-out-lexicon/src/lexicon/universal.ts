/**
 * Whole messages that are understood in every language here, so that they tell
 * nothing about the sender's. Of the lists that carriers and providers require:
 * the FCC's (47 CFR 64.1200(a)(10): stop, quit, end, revoke, opt out, cancel,
 * unsubscribe), Twilio's and AWS's.
 */
export const universalKeywords: readonly string[] = [
  "stop",
  "stop all",
  "stopall",
];

/** Likewise, to be contacted again. */
export const universalOptInKeywords: readonly string[] = ["start", "unstop"];
