import type { TenantAgentCore } from "@easymo/agent-core-client";
import type { Logger } from "@easymo/service-kit";
import type { CallEvents } from "../call/call-events.js";
import type { CallIdentity } from "../call/call-state.js";

export interface PaymentMessagesDeps {
  agentCore(identity: CallIdentity): TenantAgentCore;
  readonly events: CallEvents;
  readonly logger: Logger;
}

/**
 * The payment code on WhatsApp too, for a person who has not opted out. The
 * bot keeps WhatsApp's own rules (the 24-hour window, templates).
 */
export class PaymentMessages {
  readonly #deps: PaymentMessagesDeps;

  constructor(deps: PaymentMessagesDeps) {
    this.#deps = deps;
  }

  send(identity: CallIdentity, paymentId: string, text: string): void {
    const { person } = identity;
    if (person === undefined) return;
    this.#mayWrite(identity, person)
      .then((may) => {
        if (may)
          this.#deps.events.paymentMessage(identity, person, paymentId, text);
      })
      .catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, callId: identity.callId },
          "consent unknown: the payment code is not sent by WhatsApp",
        );
      });
  }

  async #mayWrite(identity: CallIdentity, phone: string): Promise<boolean> {
    const core = this.#deps.agentCore(identity);
    const [{ lead }, registry] = await Promise.all([
      core.fetchLead({ phone }),
      core.optOut(phone),
    ]);
    return (
      !registry.optedOut && lead?.optedOut !== true && lead?.optIn !== false
    );
  }
}
