import type { RoutingTable } from "@easymo/routing";
import { z } from "zod";
import type { SipAnswer, SipLine } from "../../console/src/sip/wire.js";
import { newSecret } from "../platform/secret.js";

/** The body is sip-ingress's to judge. */
export const sipOrder = z.strictObject({
  tenant: z.string().min(1),
  token: z.enum(["own", "wrong"]),
  body: z.json(),
});
export type SipOrder = z.infer<typeof sipOrder>;

/** Sends events to sip-ingress, as a SIP proxy would. */
export class SipDoor {
  readonly #url: string;
  readonly #tokens: ReadonlyMap<string, string>;

  constructor(options: { url: string; tokens: ReadonlyMap<string, string> }) {
    this.#url = options.url;
    this.#tokens = options.tokens;
  }

  /** What sip-ingress answered, a refusal included. */
  async send({ tenant, token, body }: SipOrder): Promise<SipAnswer> {
    const own = token === "own" ? this.#tokens.get(tenant) : undefined;
    const response = await fetch(`${this.#url}/sip/events`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${own ?? newSecret()}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      replayed: response.headers.get("idempotency-replayed") === "true",
      retryAfter: response.headers.get("retry-after") ?? "",
      body: await response.text(),
    };
  }
}

/** The SIP addresses that are answered. */
export function sipLinesOf(routing: RoutingTable): SipLine[] {
  return routing.channels
    .filter((channel) => channel.kind === "sip")
    .map(({ address, tenant, agent }) => ({ address, tenant, agent }));
}
