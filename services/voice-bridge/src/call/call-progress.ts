import { z } from "zod";
import { paymentPrompt } from "../payment/payment-prompt.js";
import type { CallState } from "./call-state.js";
import { language } from "./language.js";

/**
 * What a call has come to, besides what its model remembers: another replica goes on from there. Only what can't be had again
 * is in it.
 */
export const callProgress = z.object({
  language,
  turns: z.int().min(0),
  /** The model's tokens by kind. */
  usage: z.record(z.string(), z.number()),
  latenciesMs: z.array(z.number()),
  /** The last payment that the caller was told of, or is to be told of. */
  payment: paymentPrompt.nullable(),
  /** The caller wants no more calls. */
  optOut: z
    .object({ via: z.enum(["speech", "dtmf", "tool"]), phrase: z.string() })
    .nullable(),
});
export type CallProgress = z.infer<typeof callProgress>;

export function progressOf(state: CallState): CallProgress {
  return {
    language: state.language,
    turns: state.turns,
    usage: { ...state.usage },
    latenciesMs: state.latenciesMs.map((ms) => Math.round(ms)),
    payment: state.payment === undefined ? null : { ...state.payment },
    optOut: state.optOut ?? null,
  };
}
