import type { KeyValueStore } from "@easymo/messaging";
import type { Clock, Logger } from "@easymo/service-kit";
import { z } from "zod";
import type { StreamOutcome } from "../call/call-state.js";
import type { Language } from "../call/language.js";

/** How a call goes on after its stream, and in which language it is told. */
export interface Continuation {
  readonly outcome: StreamOutcome;
  readonly language: Language;
}

const schema = z.object({
  language: z.enum(["en", "fr", "rw", "sw"]),
  outcome: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("hang_up") }),
    z.object({ kind: z.literal("transfer"), to: z.string() }),
    z.object({
      kind: z.literal("apologise"),
      transferTo: z
        .string()
        .optional()
        .transform((to) => to),
    }),
  ]),
});

const KEPT_MS = 10 * 60_000;
const KEPT_LOCALLY = 2_000;

/**
 * The carrier asks how to go on after we closed the stream, and it may ask
 * another replica: so the answer is kept here and in the store.
 */
export class StreamOutcomes {
  readonly #keyValue: KeyValueStore;
  readonly #logger: Logger;
  readonly #local = new Map<string, Continuation>();
  /** Streams that we closed, and whose carrier has not asked yet. */
  readonly #unasked = new Set<string>();
  #whenAsked: (() => void) | undefined;

  constructor(keyValue: KeyValueStore, logger: Logger) {
    this.#keyValue = keyValue;
    this.#logger = logger;
  }

  /** `willBeAsked`: we closed the stream, so the carrier comes for the answer. */
  set(callId: string, continuation: Continuation, willBeAsked: boolean): void {
    this.#local.set(callId, continuation);
    if (willBeAsked) this.#unasked.add(callId);
    if (this.#local.size > KEPT_LOCALLY) {
      const oldest = this.#local.keys().next();
      if (oldest.done !== true) this.#local.delete(oldest.value);
    }
    this.#keyValue
      .set(keyOf(callId), JSON.stringify(continuation), { ttlMs: KEPT_MS })
      .catch((error: unknown) => {
        this.#logger.warn({ err: error }, "stream outcome kept here only");
      });
  }

  /**
   * Resolves when every carrier has asked, or after `timeoutMs`: a process that
   * ends right after its last call would leave that caller without an answer.
   */
  async settled(timeoutMs: number, clock: Clock): Promise<void> {
    if (this.#unasked.size === 0) return;
    const asked = Promise.withResolvers<void>();
    this.#whenAsked = asked.resolve;
    const timer = clock.setTimeout(asked.resolve, timeoutMs);
    await asked.promise;
    timer.cancel();
  }

  /** Undefined when the stream ended without our doing, or long ago. */
  async get(callId: string): Promise<Continuation | undefined> {
    this.#unasked.delete(callId);
    if (this.#unasked.size === 0) this.#whenAsked?.();
    const local = this.#local.get(callId);
    if (local !== undefined) return local;
    const stored = await this.#keyValue
      .get(keyOf(callId))
      .catch(() => undefined);
    if (stored === undefined) return undefined;
    const json: unknown = JSON.parse(stored);
    const { outcome, language } = schema.parse(json);
    return {
      language,
      outcome:
        outcome.kind === "apologise"
          ? { kind: "apologise", transferTo: outcome.transferTo }
          : outcome,
    };
  }
}

function keyOf(callId: string): string {
  return `voice:after:${callId}`;
}
