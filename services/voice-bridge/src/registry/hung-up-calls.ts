import type { KeyValueStore } from "@easymo/messaging";
import type { Logger } from "@easymo/service-kit";

const KEPT_MS = 10 * 60_000;
const KEPT_LOCALLY = 2_000;

/**
 * Calls that were hung up before their stream came: a stream that comes all
 * the same, to whichever replica, is nobody's.
 */
export class HungUpCalls {
  readonly #keyValue: KeyValueStore;
  readonly #logger: Logger;
  readonly #local = new Set<string>();

  constructor(keyValue: KeyValueStore, logger: Logger) {
    this.#keyValue = keyValue;
    this.#logger = logger;
  }

  /** Never waits: while the store is away, only this replica knows. */
  add(callId: string): void {
    this.#local.add(callId);
    if (this.#local.size > KEPT_LOCALLY) {
      const oldest = this.#local.values().next();
      if (oldest.done !== true) this.#local.delete(oldest.value);
    }
    this.#keyValue
      .set(keyOf(callId), "hung up", { ttlMs: KEPT_MS })
      .catch((error: unknown) => {
        this.#logger.warn({ err: error, callId }, "hang-up known here only");
      });
  }

  /** What this replica knows. */
  has(callId: string): boolean {
    return this.#local.has(callId);
  }

  /** What any replica knows. Never rejects. */
  async isKnown(callId: string): Promise<boolean> {
    if (this.has(callId)) return true;
    const stored = await this.#keyValue
      .get(keyOf(callId))
      .catch(() => undefined);
    return stored !== undefined;
  }
}

function keyOf(callId: string): string {
  return `voice:hung-up:${callId}`;
}
