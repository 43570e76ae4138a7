import type { TenantAgentCore } from "@easymo/agent-core-client";
import type { IntentLanguage } from "@easymo/intent-rules";
import { deriveEventId } from "@easymo/messaging";
import { phrases, spokenMoney } from "./phrases.js";
import type { TurnAnswer, TurnRequest } from "./turn-model.js";

/** A payment that agent-core issued. */
export type IssuedPayment = NonNullable<TurnAnswer["payment"]>;

/**
 * Has agent-core issue a payment to the turn's person. A turn has one at most: a repeat of the turn is answered with the
 * same one, and another amount is refused there. Rejects with AgentCoreError.
 */
export async function issuePayment(
  core: TenantAgentCore,
  turn: TurnRequest,
  amount: number,
  signal: AbortSignal,
): Promise<IssuedPayment> {
  const { region, currency, merchant } = turn.agent.payment;
  const { phone } = turn.contact;
  const { paymentId, method, ussd, url } = await core.collectPayment(
    {
      region,
      amount,
      currency,
      ...(phone === undefined ? {} : { phone }),
      ...(merchant === undefined ? {} : { merchant }),
    },
    {
      idempotencyKey: deriveEventId("turn", turn.key, "collect_payment"),
      signal,
    },
  );
  return {
    paymentId,
    method,
    amount,
    currency,
    ...(ussd === undefined ? {} : { ussd }),
    ...(url === undefined ? {} : { url }),
  };
}

/** How a payment is told to the person: in our words, never in a model's. Pure. */
export function paymentWords(
  payment: Pick<IssuedPayment, "amount" | "currency" | "ussd" | "url">,
  language: IntentLanguage,
): string {
  const { ussd, url } = payment;
  const price = spokenMoney(payment.amount, payment.currency, language);
  if (ussd !== undefined) return phrases.dial[language](price, ussd);
  if (url !== undefined) return phrases.open[language](price, url);
  return phrases.payByHand[language](price);
}
