import type { Clock } from "@easymo/service-kit";
import { jwtVerify } from "jose";
import { z } from "zod";
import { refusal } from "./problems.js";

// Two hosts' clocks may be this far apart.
const clockToleranceSeconds = 5;

const claims = z.object({ tenantId: z.string().min(1).max(128) });

/** Says whose request it is, by its `Authorization` header. */
export type Authenticate = (header: string | undefined) => Promise<string>;

/**
 * Takes `Bearer` tokens: JWT, HS256, with the claim `tenantId`.
 *
 * The answer rejects with 401 `unauthorized` for anything else.
 */
export function createAuthenticate(options: {
  jwtSecret: string;
  clock: Clock;
}): Authenticate {
  const key = new TextEncoder().encode(options.jwtSecret);
  return async (header) => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(header ?? "")?.[1];
    if (token === undefined)
      throw unauthorized("Send the header Authorization: Bearer <token>");
    try {
      const { payload } = await jwtVerify(token, key, {
        // Naming the algorithm keeps out "none", and public keys used as secrets.
        algorithms: ["HS256"],
        currentDate: new Date(options.clock.now()),
        clockTolerance: clockToleranceSeconds,
      });
      return claims.parse(payload).tenantId;
    } catch (error) {
      throw unauthorized(reasonOf(error), error);
    }
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return "The token has no claim tenantId that is a text";
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ERR_JWT_EXPIRED") return "The token has expired";
  if (code === "ERR_JWT_CLAIM_VALIDATION_FAILED")
    return "The token is not valid yet, or one of its claims is wrong";
  return "The token is not one that this service issued";
}

function unauthorized(detail: string, cause?: unknown) {
  return refusal("unauthorized", detail, {
    headers: { "www-authenticate": 'Bearer realm="agent-core"' },
    cause,
  });
}
