import { hash } from "node:crypto";
import { deriveEventId, type EasymoEvent } from "@easymo/messaging";
import type { Agent } from "@easymo/routing";
import { limits } from "../conversation/limits.js";
import type {
  CallNote,
  ChannelName,
  Conversation,
  IntentNote,
} from "../conversation/state.js";
import type { Common, Effect, EffectKind } from "./effects.js";

/** What the machine knows besides the conversation and the event. Plain data. */
export interface Situation {
  readonly nowMs: number;
  /** Who answers the person. */
  readonly agent: Agent | undefined;
  /** The tenant has a WhatsApp number of its own. */
  readonly hasWhatsApp: boolean;
  /** People can be called. */
  readonly canCall: boolean;
  /** For how long people have a conversation that they do not hand back. */
  readonly handoverMs: number;
}

/** From which event something comes. */
export interface Cause {
  readonly eventId: string;
  /** The event's digest. */
  readonly of: string;
  readonly requestId: string;
  readonly traceparent?: string;
}

type Bare<E extends Effect = Effect> = E extends Effect
  ? Omit<E, keyof Common>
  : never;

/** What an effect is before it has its key. */
export type BareEffect = Bare;

/** The digest under which an event is remembered. Pure. */
export function digestOf(event: { type: string; id: string }): string {
  return hash("sha1", `${event.type}\n${event.id}`, "base64url").slice(0, 12);
}

export function causeOf(event: EasymoEvent, digest = digestOf(event)): Cause {
  return {
    eventId: event.id,
    of: digest,
    requestId: event.requestId,
    ...(event.traceparent === undefined
      ? {}
      : { traceparent: event.traceparent }),
  };
}

/** The key of an effect, made from the event's id. Pure. */
export function effectKey(
  kind: EffectKind,
  tenantId: string,
  eventId: string,
  which = "",
): string {
  return deriveEventId("effect", kind, tenantId, eventId, which);
}

/** A conversation that is being taken one step further: a copy that nobody else sees yet. */
export class Draft {
  readonly situation: Situation;
  readonly cause: Cause;
  readonly emitted: Effect[] = [];
  #state: Conversation;
  /** The state is this draft's own, and may be changed in place. */
  #isOwn = false;

  constructor(state: Conversation, cause: Cause, situation: Situation) {
    this.#state = state;
    this.cause = cause;
    this.situation = situation;
  }

  get state(): Conversation {
    return this.#state;
  }

  /** Puts another in its place, which nobody else has. */
  set state(state: Conversation) {
    this.#state = state;
    this.#isOwn = true;
  }

  set(changes: Partial<Conversation>): void {
    if (!this.#isOwn) this.state = { ...this.#state };
    Object.assign(this.#state, changes);
  }

  /** @param which tells effects of one kind and one event apart */
  emit(bare: BareEffect, which = "", eventId = this.cause.eventId): void {
    const { of, eventId: id, requestId, traceparent } = this.cause;
    const effect: Effect = {
      ...bare,
      key: effectKey(bare.kind, this.state.tenantId, eventId, which),
      of,
      eventId: id,
      requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    this.emitted.push(effect);
    this.set({ outbox: [...this.state.outbox, effect] });
  }

  /** What was said, by whom and where. */
  line(
    role: "user" | "assistant",
    text: string,
    channel: ChannelName,
    at: string,
  ): void {
    const line = {
      role,
      text: text.slice(0, limits.lineCharacters).toWellFormed(),
      channel,
      at,
    };
    this.set({
      lines: [...this.state.lines, line].slice(-limits.lines),
      turns: this.state.turns + (role === "user" ? 1 : 0),
    });
  }

  /** The person was there, on this channel. */
  heard(channel: ChannelName, agent: string | undefined): void {
    const { channels } = this.state;
    this.set({
      lastChannel: channel,
      ...(channels.includes(channel)
        ? {}
        : { channels: [...channels, channel] }),
      ...(agent === undefined ? {} : { agent }),
    });
  }

  call(callId: string): CallNote | undefined {
    return this.state.calls.find((call) => call.callId === callId);
  }

  /** Changes a call's note, which is made when there is none. */
  noteCall(
    callId: string,
    made: Pick<CallNote, "channel" | "at">,
    changes: Partial<CallNote>,
  ): void {
    const known = this.call(callId);
    const call: CallNote = {
      callId,
      connected: false,
      spoke: false,
      followedUp: false,
      ...made,
      ...known,
      ...changes,
    };
    this.set({
      calls:
        known === undefined
          ? [...this.state.calls, call].slice(-limits.calls)
          : this.state.calls.map((one) => (one === known ? call : one)),
    });
  }

  intent(intentId: string): IntentNote | undefined {
    return this.state.intents.find((intent) => intent.intentId === intentId);
  }

  noteIntent(intentId: string, changes: Partial<IntentNote>): void {
    this.set({
      intents: this.state.intents.map((intent) =>
        intent.intentId === intentId ? { ...intent, ...changes } : intent,
      ),
    });
  }

  /** What is not done yet and reaches the person, or spends their money, is not done any more. */
  cancel(kinds: readonly EffectKind[]): void {
    this.set({
      outbox: this.state.outbox.filter(({ kind }) => !kinds.includes(kind)),
    });
  }
}

/** The agent's name, as far as anything knows it. */
export function agentName({ state, situation }: Draft): string {
  return situation.agent?.name ?? state.agent ?? "agent";
}
