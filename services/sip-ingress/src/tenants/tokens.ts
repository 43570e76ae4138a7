import { timingSafeEqual } from "node:crypto";

/** A tenant's bearer token. */
export interface TenantToken {
  readonly tenantId: string;
  readonly token: string;
}

// What the routing document takes for a tenant, too.
const TENANT = /^[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?$/;
/** What a header can carry in one word; a comma would end the entry. */
const TOKEN = /^[\x21-\x2b\x2d-\x7e]+$/;
/** Anything shorter can be guessed: it works, and the log says so. */
const SHORT_TOKEN_CHARACTERS = 16;

/** Reads `tenant=token,…`. The problem names no token. */
export function parseTokens(
  text: string,
):
  | { readonly ok: true; readonly tokens: readonly TenantToken[] }
  | { readonly ok: false; readonly problem: string } {
  const tokens: TenantToken[] = [];
  const seen = new Set<string>();
  for (const [at, entry] of text.split(",").entries()) {
    const cut = entry.indexOf("=");
    const tenantId = entry.slice(0, Math.max(cut, 0)).trim();
    const token = entry.slice(cut + 1).trim();
    const place = `entry ${at + 1}`;
    if (cut < 1 || !TENANT.test(tenantId))
      return { ok: false, problem: `${place}: expected tenant=token` };
    if (!TOKEN.test(token))
      return {
        ok: false,
        problem: `${place}: expected a token of visible ASCII characters`,
      };
    if (seen.has(token))
      return { ok: false, problem: `${place}: the token was given before` };
    seen.add(token);
    tokens.push({ tenantId, token });
  }
  return { ok: true, tokens };
}

/** The tenants whose tokens are so short that they can be guessed. */
export function guessable(tokens: readonly TenantToken[]): string[] {
  return tokens
    .filter(({ token }) => token.length < SHORT_TOKEN_CHARACTERS)
    .map(({ tenantId }) => tenantId);
}

/**
 * Tells whose token a request carries, in a time that does not depend on how much of it is right: what was presented is
 * laid into a place as long as the longest token, and compared there with each of them, whole, whichever it is.
 */
export class TokenRing {
  readonly #known: readonly {
    tenantId: string;
    length: number;
    bytes: Buffer;
  }[];
  /** The token that is being looked at, and zeros behind it. */
  readonly #presented: Buffer;

  constructor(tokens: readonly TenantToken[]) {
    const longest = Math.max(0, ...tokens.map(({ token }) => token.length));
    this.#presented = Buffer.alloc(longest);
    this.#known = tokens.map(({ tenantId, token }) => {
      const bytes = Buffer.alloc(longest);
      bytes.write(token, "latin1");
      return { tenantId, length: token.length, bytes };
    });
  }

  /** The tenant of an `Authorization` header; undefined when it is nobody's. */
  tenantOf(authorization: string | undefined): string | undefined {
    const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? "")?.[1];
    const presented = this.#presented;
    if (token === undefined || token.length > presented.length)
      return undefined;
    presented.fill(0);
    presented.write(token, "latin1");
    let found: string | undefined;
    // Every one is compared, whichever it is.
    for (const { tenantId, length, bytes } of this.#known)
      if (timingSafeEqual(bytes, presented) && length === token.length)
        found = tenantId;
    return found;
  }
}
