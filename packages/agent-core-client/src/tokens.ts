import type { Clock } from "@easymo/service-kit";
import { SignJWT } from "jose";

const defaultLifetimeSeconds = 300;
// A token is renewed while it has this long to go, so that none expires on its way.
const renewBeforeMs = 60_000;

/**
 * A token that lets its bearer act for one tenant: a JWT, HS256, with the claim `tenantId`.
 *
 * @param options.nowMs when it is issued; the present by default
 * @param options.lifetimeSeconds how long it is good for; 300 by default
 */
export function mintTenantToken(
  secret: string,
  tenantId: string,
  options: { nowMs?: number; lifetimeSeconds?: number } = {},
): Promise<string> {
  const issuedAt = Math.floor((options.nowMs ?? Date.now()) / 1_000);
  const lifetimeSeconds = options.lifetimeSeconds ?? defaultLifetimeSeconds;
  return new SignJWT({ tenantId })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(new TextEncoder().encode(secret));
}

/** One token per tenant, kept until it is near its end. */
export class TenantTokens {
  readonly #secret: string;
  readonly #clock: Clock;
  readonly #tokens = new Map<
    string,
    { token: Promise<string>; renewAtMs: number }
  >();

  constructor(secret: string, clock: Clock) {
    this.#secret = secret;
    this.#clock = clock;
  }

  /** The tenant's token; a new one when there is none, or it is about to end. */
  get(tenantId: string): Promise<string> {
    const nowMs = this.#clock.now();
    const known = this.#tokens.get(tenantId);
    // A clock that was set back would otherwise keep a token of the future.
    const lifetimeMs = defaultLifetimeSeconds * 1_000;
    if (
      known !== undefined &&
      nowMs < known.renewAtMs &&
      known.renewAtMs - nowMs <= lifetimeMs
    )
      return known.token;
    const token = mintTenantToken(this.#secret, tenantId, { nowMs });
    this.#tokens.set(tenantId, {
      token,
      renewAtMs: nowMs + lifetimeMs - renewBeforeMs,
    });
    return token;
  }
}
