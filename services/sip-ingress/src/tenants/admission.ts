import { Problem, setTenant } from "@easymo/service-kit";
import type { RequestHandler } from "express";
import type { RateLimit } from "./rate-limit.js";
import type { TokenRing } from "./tokens.js";

/** Whose request it is, for the handlers after `admission`. */
export type TenantOf = (request: object) => string;

/** Lets in who has a tenant's token and keeps to the tenant's rate; before the body is read. */
export function admission(deps: { tokens: TokenRing; rate: RateLimit }): {
  handler: RequestHandler;
  tenantOf: TenantOf;
} {
  const tenants = new WeakMap<object, string>();
  return {
    handler: (req, _res, next) => {
      const tenantId = deps.tokens.tenantOf(req.headers.authorization);
      if (tenantId === undefined) throw unauthorized();
      setTenant(tenantId);
      const waitMs = deps.rate.take(tenantId);
      if (waitMs !== undefined) throw rateLimited(waitMs);
      tenants.set(req, tenantId);
      next();
    },
    tenantOf: (request) => {
      const tenantId = tenants.get(request);
      if (tenantId === undefined) throw unauthorized();
      return tenantId;
    },
  };
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
