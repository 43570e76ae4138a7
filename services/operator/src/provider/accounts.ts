import type { Clock } from "@easymo/service-kit";
import type { ProviderError } from "../providers/provider.js";
import { TokenBucket } from "../runtime/index.js";

/** Whether an account may be asked something now. */
export type Turn =
  | { readonly kind: "go" }
  /** Its turn comes then; it is kept for who asked. */
  | { readonly kind: "wait"; readonly waitMs: number }
  /** It said so a short while ago, and would say so again. */
  | {
      readonly kind: "refused";
      readonly error: ProviderError;
      readonly waitMs: number;
    };

/** Looks at what is as it should be, as far as is known: thousands of numbers in some minutes. */
const checks = { perSecond: 20, atOnce: 10 };
/** What people wait for. Twilio limits requests at once rather than a second: the workers are few. */
const changes = { perSecond: 40, atOnce: 40 };

interface Account {
  readonly checks: TokenBucket;
  readonly changes: TokenBucket;
  refused:
    { readonly error: ProviderError; readonly untilMs: number } | undefined;
}

/** Keeps the requests to each account polite: so many a second, none while it asks to wait, none with rejected credentials. */
export class Accounts {
  readonly #clock: Clock;
  readonly #rejectedMs: number;
  readonly #accounts = new Map<string, Account>();

  /** @param options.rejectedMs how long credentials that were rejected are not tried again */
  constructor(options: { readonly clock: Clock; readonly rejectedMs: number }) {
    this.#clock = options.clock;
    this.#rejectedMs = options.rejectedMs;
  }

  /** A turn at the account with these credentials. Who waited for a turn has it. */
  turn(
    fingerprint: string,
    options: { readonly isChange: boolean; readonly hasWaited: boolean },
  ): Turn {
    const account = this.#account(fingerprint);
    const { refused } = account;
    const nowMs = this.#clock.monotonicMs();
    if (refused !== undefined && nowMs < refused.untilMs)
      return {
        kind: "refused",
        error: refused.error,
        waitMs: refused.untilMs - nowMs,
      };
    if (options.hasWaited) return { kind: "go" };
    const bucket = options.isChange ? account.changes : account.checks;
    const waitMs = bucket.take();
    return waitMs > 0 ? { kind: "wait", waitMs } : { kind: "go" };
  }

  /** What one request was answered holds for the others of the account. */
  failed(fingerprint: string, error: ProviderError): void {
    const lastsMs =
      error.reason === "CredentialsRejected"
        ? this.#rejectedMs
        : (error.retryAfterMs ?? 0);
    if (lastsMs <= 0) return;
    this.#account(fingerprint).refused = {
      error,
      untilMs: this.#clock.monotonicMs() + lastsMs,
    };
  }

  #account(fingerprint: string): Account {
    const known = this.#accounts.get(fingerprint);
    if (known !== undefined) return known;
    const clock = this.#clock;
    const account: Account = {
      checks: new TokenBucket({ ...checks, clock }),
      changes: new TokenBucket({ ...changes, clock }),
      refused: undefined,
    };
    this.#accounts.set(fingerprint, account);
    return account;
  }
}
