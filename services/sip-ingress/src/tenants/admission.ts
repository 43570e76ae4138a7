import type { IncomingMessage } from "node:http";
import { Problem, setTenant } from "@easymo/service-kit";
import type { RateLimit } from "./rate-limit.js";
import type { TokenRing } from "./tokens.js";

/** Lets in who has a tenant's token and keeps to the tenant's rate; before the body is read. */
export class Admission {
  readonly #tokens: TokenRing;
  readonly #rate: RateLimit;

  constructor(deps: { tokens: TokenRing; rate: RateLimit }) {
    this.#tokens = deps.tokens;
    this.#rate = deps.rate;
  }

  /**
   * Whose request this is.
   *
   * @throws {Problem} 401 without a tenant's token, 429 above the tenant's rate
   */
  tenantOf({ headers }: IncomingMessage): string {
    const tenantId = this.#tokens.tenantOf(headers.authorization);
    if (tenantId === undefined) throw unauthorized();
    setTenant(tenantId);
    const waitMs = this.#rate.take(tenantId);
    if (waitMs !== undefined) throw rateLimited(waitMs);
    return tenantId;
  }
}

function unauthorized(): Problem {
  return new Problem({
    status: 401,
    code: "unauthorized",
    title: "A tenant's token is needed",
    detail: "Send it as Authorization: Bearer <token>",
    headers: { "www-authenticate": "Bearer" },
    retryable: false,
  });
}

function rateLimited(waitMs: number): Problem {
  return new Problem({
    status: 429,
    code: "rate_limited",
    title: "The tenant sends more than its rate",
    headers: { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) },
    retryable: true,
  });
}
