import type { TenantAgentCore } from "@easymo/agent-core-client";
import { deriveEventId, type KeyValueStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import type { CallIdentity } from "../call/call-state.js";

export interface OptOutRegistrarDeps {
  agentCore(tenantId: string, requestId: string): TenantAgentCore;
  readonly keyValue: KeyValueStore;
  readonly clock: Clock;
  readonly logger: Logger;
  registered(): void;
}

interface Registration {
  readonly tenantId: string;
  readonly phone: string;
  readonly reason: string;
  readonly requestId: string;
  readonly idempotencyKey: string;
}

const RETRY_DELAYS_MS = [500, 1_000, 2_000, 5_000, 10_000];
/** How long the bridge itself remembers, should the registry be away. */
const REMEMBERED_MS = 7 * 24 * 3_600_000;

/**
 * Opt-outs on their way into agent-core's registry. Until they are there, the
 * bridge remembers them itself, so that nobody who said stop is dialled.
 */
export class OptOutRegistrar {
  readonly #deps: OptOutRegistrarDeps;
  readonly #pending = new Map<string, Promise<void>>();
  #closed = false;
  readonly #closing = Promise.withResolvers<void>();

  constructor(deps: OptOutRegistrarDeps) {
    this.#deps = deps;
  }

  register(identity: CallIdentity, via: string, phrase: string): void {
    const { person: phone, tenantId, requestId, callId } = identity;
    if (phone === undefined) return;
    const key = personKey(tenantId, phone);
    if (this.#pending.has(key)) return;
    const registration: Registration = {
      tenantId,
      phone,
      requestId,
      reason: `${via}: ${phrase}`.slice(0, 500),
      idempotencyKey: deriveEventId("opt-out", callId),
    };
    this.#pending.set(
      key,
      this.#settle(registration).finally(() => this.#pending.delete(key)),
    );
  }

  /**
   * Whether the person has opted out. Rejects when the registry can't be
   * asked: then nobody is dialled.
   */
  async hasOptedOut(
    tenantId: string,
    phone: string,
    requestId: string,
  ): Promise<boolean> {
    const key = personKey(tenantId, phone);
    if (this.#pending.has(key)) return true;
    const registry = this.#deps.agentCore(tenantId, requestId);
    const [status, remembered] = await Promise.all([
      registry.optOut(phone),
      // Redis may be away: the registry alone decides then.
      this.#deps.keyValue.get(key).catch(() => undefined),
    ]);
    return status.optedOut || remembered !== undefined;
  }

  /** Resolves when nothing is pending, or after `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#deps.clock.setTimeout(late.resolve, timeoutMs);
    await Promise.race([Promise.all(this.#pending.values()), late.promise]);
    timer.cancel();
  }

  close(): void {
    this.#closed = true;
    this.#closing.resolve();
  }

  async #settle(registration: Registration): Promise<void> {
    const { tenantId, phone } = registration;
    const key = personKey(tenantId, phone);
    await this.#deps.keyValue
      .set(key, registration.idempotencyKey, { ttlMs: REMEMBERED_MS })
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, "opt-out not remembered");
      });
    for (let attempt = 0; !this.#closed; attempt++) {
      if (await this.#attempt(registration)) {
        this.#deps.registered();
        await this.#deps.keyValue.delete(key).catch(() => undefined);
        return;
      }
      await this.#pause(
        RETRY_DELAYS_MS[attempt] ?? RETRY_DELAYS_MS.at(-1) ?? 0,
      );
    }
  }

  async #attempt(registration: Registration): Promise<boolean> {
    const { tenantId, phone, reason, requestId, idempotencyKey } = registration;
    try {
      await this.#deps
        .agentCore(tenantId, requestId)
        .registerOptOut(
          { phone, channel: "voice", reason },
          { idempotencyKey },
        );
      return true;
    } catch (error) {
      this.#deps.logger.error(
        { err: error, tenantId },
        "opt-out not registered yet; trying again",
      );
      return false;
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.clock.setTimeout(resolve, ms);
    await Promise.race([promise, this.#closing.promise]);
    timer.cancel();
  }
}

function personKey(tenantId: string, phone: string): string {
  return `voice:opt-out:${tenantId}:${phone}`;
}
