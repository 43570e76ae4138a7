import {
  type Conversation,
  decodeStored,
  type Effect,
} from "@easymo/broker-orchestrator";
import type { Store, VersionedStore } from "@easymo/messaging";
import type { Clock } from "@easymo/service-kit";
import type {
  ConversationNote,
  EffectNote,
  HandoverNote,
} from "../../console/src/conversations/wire.js";

const MAX_CONVERSATIONS = 100;
const MAX_EFFECTS = 60;

interface Page {
  conversation: Conversation;
  /** The handover that is over, though the orchestrator hears of it with the next message only. */
  handedBack?: string;
  readonly effects: Map<string, EffectNote>;
}

/**
 * What the orchestrator writes of conversations, kept for whoever looks on:
 * an effect is seen when it comes into the outbox and when it leaves it.
 */
export class ConversationBook {
  readonly #clock: Clock;
  readonly #pages = new Map<string, Page>();
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The same store, whose writes of conversations are noted. */
  watching(store: Store): Store {
    const { idempotency, keyValue, broadcasts } = store;
    const versioned: VersionedStore = {
      read: (keys) => store.versioned.read(keys),
      claimDue: (tag, options) => store.versioned.claimDue(tag, options),
      dropDue: (tag, keys) => store.versioned.dropDue(tag, keys),
      write: async (groups) => {
        const written = await store.versioned.write(groups);
        groups.forEach((changes, at) => {
          if (written[at] !== true) return;
          for (const { value } of changes) this.#note(value);
        });
        return written;
      },
    };
    return {
      idempotency,
      keyValue,
      broadcasts,
      versioned,
      check: () => store.check(),
      close: () => store.close(),
    };
  }

  /** Calls `watcher` after each write. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  /** The conversations, the latest first. */
  find(id: string): Conversation | undefined {
    return this.#pages.get(id)?.conversation;
  }

  /** People have given this handover's conversation back. */
  handedBack(id: string, handoverId: string): void {
    const page = this.#pages.get(id);
    if (page === undefined) return;
    page.handedBack = handoverId;
    for (const watcher of this.#watchers) watcher();
  }

  read(): ConversationNote[] {
    const nowMs = this.#clock.now();
    return [...this.#pages.values()]
      .map((page) => noteOf(page, nowMs))
      .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt));
  }

  #note(value: string): void {
    const stored = decodeStored(value);
    if (stored?.kind !== "conversation") return;
    const { conversation } = stored;
    const page = this.#pages.get(conversation.id) ?? {
      conversation,
      effects: new Map<string, EffectNote>(),
    };
    page.conversation = conversation;
    this.#noteEffects(page);
    // The latest are kept.
    this.#pages.delete(conversation.id);
    this.#pages.set(conversation.id, page);
    const oldest = this.#pages.keys().next().value;
    if (this.#pages.size > MAX_CONVERSATIONS && oldest !== undefined)
      this.#pages.delete(oldest);
    for (const watcher of this.#watchers) watcher();
  }

  #noteEffects({ conversation, effects }: Page): void {
    const open = new Map(conversation.outbox.map((one) => [one.key, one]));
    for (const [key, note] of effects)
      if (!open.has(key)) effects.set(key, { ...note, state: "done" });
    for (const [key, effect] of open) {
      const atMs = effects.get(key)?.atMs ?? this.#clock.now();
      effects.set(key, effectNote(effect, atMs));
    }
    for (const key of effects.keys()) {
      if (effects.size <= MAX_EFFECTS) break;
      effects.delete(key);
    }
  }
}

function effectNote(effect: Effect, atMs: number): EffectNote {
  return {
    key: effect.key,
    kind:
      effect.kind === "publish"
        ? `${effect.kind} ${effect.what.type}`
        : effect.kind,
    state: effect.buried === true ? "given up" : "to do",
    atMs,
    detail: JSON.stringify(effect),
  };
}

function handoverOf(
  { conversation, handedBack }: Page,
  nowMs: number,
): HandoverNote | undefined {
  const { handover } = conversation;
  if (handover?.handoverId === undefined) return undefined;
  const { handoverId, queue, until } = handover;
  const isOver = handoverId === handedBack || Date.parse(until) <= nowMs;
  return isOver ? undefined : { queue, until };
}

function noteOf(page: Page, nowMs: number): ConversationNote {
  const { conversation, effects } = page;
  const { id, tenantId, name, names, channels, turns } = conversation;
  const { optedOut, buyerId, updatedAt } = conversation;
  const { phone, userId, sip } = names;
  return {
    id,
    tenant: tenantId,
    name: name ?? phone ?? userId ?? sip ?? "Somebody",
    names: [phone, userId, sip].filter((one) => one !== undefined),
    callIds: conversation.calls.map(({ callId }) => callId),
    channels,
    turns,
    optedOut: optedOut !== undefined,
    buyerId: buyerId ?? "",
    handover: handoverOf(page, nowMs),
    updatedAt,
    state: JSON.stringify(conversation),
    effects: [...effects.values()].reverse(),
  };
}
