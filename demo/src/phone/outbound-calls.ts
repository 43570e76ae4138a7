import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CallMeAnswer } from "../../console/src/wire.js";

/** An agent is to call someone. */
export const callOrder = z.strictObject({
  tenant: z.string().min(1),
  agent: z.string().min(1),
  from: z.string().min(1),
  to: z.string().min(1),
});
export type CallOrder = z.infer<typeof callOrder>;

const problem = z.object({ title: z.string(), detail: z.string().optional() });

/** Orders calls through voice-bridge's own API, as any application would. */
export class OutboundCalls {
  readonly #voiceUrl: string;
  readonly #token: string;

  constructor(options: { voiceUrl: string; token: string }) {
    this.#voiceUrl = options.voiceUrl;
    this.#token = options.token;
  }

  /** What voice-bridge answered, a refusal included. */
  async order({ tenant, agent, from, to }: CallOrder): Promise<CallMeAnswer> {
    const response = await fetch(`${this.#voiceUrl}/calls`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.#token}`,
        "content-type": "application/json",
        "idempotency-key": randomUUID(),
      },
      body: JSON.stringify({ tenantId: tenant, agent, from, to }),
    });
    const body: unknown = await response.json();
    const { status } = response;
    if (response.ok) return { status, title: "The call has been ordered" };
    const parsed = problem.safeParse(body);
    if (!parsed.success) return { status, title: "The call was refused" };
    const { title, detail } = parsed.data;
    return {
      status,
      title: detail === undefined ? title : `${title}: ${detail}`,
    };
  }
}
