import { RoutingTable, type Agent } from "@easymo/routing";
import type { CallEffect } from "../call/call-effects.js";
import { decide, type CallInput } from "../call/call-machine.js";
import {
  createCallState,
  type CallIdentity,
  type CallState,
} from "../call/call-state.js";
import { audioSent } from "../call/playback-ledger.js";
import type { ModelEvent } from "../model/model-events.js";

/** The contract's own example, with both languages that tests speak. */
export const ROUTING = `
agents:
  - name: sales
    instructions: You help people in Kigali find and pay for moto spare parts.
    model: gpt-realtime
    voice: marin
    languages: [en, rw, fr, sw]
    greeting: Muraho, you are speaking with the spare parts desk.
    tools: [fetch_lead, log_lead, capture_intent, collect_payment, set_disposition, warm_transfer, register_opt_out]
    turnDetection: {type: server_vad}
    optOut: {phrases: [leave me be now], dtmf: "9"}
    payment: {region: rw, currency: RWF, merchant: "012345"}
    transfer: {queue: sales, to: "+250788000009"}
  - name: survey
    instructions: You ask three questions.
    languages: [fr]
    greeting: Bonjour.
    tools: [set_disposition]
    turnDetection: {type: server_vad, interrupt_response: false}
channels:
  - {kind: twilio, address: "+250780000001", tenant: kigali-parts, agent: sales}
  - {kind: twilio, address: "+250780000002", tenant: other, agent: survey}
  - {kind: sip, address: "sip:desk@kigali.example", tenant: kigali-parts, agent: sales}
`;

export const CALLER = "+250788123456";
export const DESK = "+250780000001";

export function agentNamed(name: string): Agent {
  const agent = RoutingTable.parse(ROUTING).agents.find((a) => a.name === name);
  if (agent === undefined) throw new Error(`no agent ${name}`);
  return agent;
}

export function identity(changes: Partial<CallIdentity> = {}): CallIdentity {
  return {
    callId: "CA1",
    tenantId: "kigali-parts",
    agent: agentNamed("sales"),
    direction: "inbound",
    channel: "twilio",
    channelName: undefined,
    from: CALLER,
    to: DESK,
    person: CALLER,
    requestId: "req-1",
    traceparent: undefined,
    modelSessionMaxMs: 3_300_000,
    ...changes,
  };
}

/** A call driven by hand, with a clock of its own, that keeps every effect. */
export class DrivenCall {
  readonly state: CallState;
  readonly effects: CallEffect[] = [];
  nowMs = 1_000;
  #item = 0;

  constructor(changes: Partial<CallIdentity> = {}) {
    this.state = createCallState(identity(changes), this.nowMs);
  }

  /** On the line, with the model ready and greeting. */
  static live(changes: Partial<CallIdentity> = {}): DrivenCall {
    const call = new DrivenCall(changes);
    call.step({ type: "model_ready" });
    call.step({ type: "media_started", streamId: "MZ1" });
    return call;
  }

  /** On the line, with the greeting heard. */
  static greeted(changes: Partial<CallIdentity> = {}): DrivenCall {
    const call = DrivenCall.live(changes);
    call.answer("r-greeting", "Muraho.", 500);
    call.hearAll();
    call.effects.length = 0;
    return call;
  }

  step(input: CallInput): CallEffect[] {
    const effects = decide(this.state, input, this.nowMs);
    this.effects.push(...effects);
    return effects;
  }

  model(event: ModelEvent): CallEffect[] {
    return this.step({ type: "model", event });
  }

  /** The response begins; the answer is the id of its item. */
  begin(responseId: string, requestId?: string): string {
    const itemId = `item-${++this.#item}`;
    this.model({ type: "response_started", responseId, requestId });
    this.model({ type: "item_started", responseId, itemId });
    return itemId;
  }

  /** Audio of the agent goes out; the answer is its mark. */
  speak(itemId: string, responseId: string, ms: number): string {
    const mark = audioSent(
      this.state.ledger,
      itemId,
      responseId,
      ms * 8,
      this.nowMs,
    );
    this.step({ type: "item_audio_started", itemId, responseId });
    return mark;
  }

  finish(
    responseId: string,
    itemId: string,
    text: string,
    status: "completed" | "cancelled" = "completed",
  ): void {
    this.model({ type: "agent_transcript", itemId, text });
    this.model({ type: "audio_complete", itemId });
    this.model({
      type: "response_done",
      responseId,
      status,
      reason: undefined,
      usage: { output_audio: 10 },
    });
  }

  /** A whole response, sent and not yet heard. */
  answer(responseId: string, text: string, ms: number): string {
    const itemId = this.begin(responseId);
    this.speak(itemId, responseId, ms);
    this.finish(responseId, itemId, text);
    return itemId;
  }

  hearAll(): void {
    for (const mark of [...this.state.ledger.marks])
      this.step({ type: "mark_returned", name: mark.name });
  }

  callerSays(text: string): void {
    this.model({ type: "speech_started", itemId: "u" });
    this.model({ type: "speech_stopped", itemId: "u" });
    this.model({ type: "user_transcript", itemId: "u", text });
  }

  pass(ms: number): CallEffect[] {
    this.nowMs += ms;
    return this.step({ type: "tick" });
  }

  all<D extends CallEffect["do"]>(kind: D): Extract<CallEffect, { do: D }>[] {
    return this.effects.filter(
      (effect): effect is Extract<CallEffect, { do: D }> => effect.do === kind,
    );
  }

  /** Names of what was done, in order. */
  get done(): string[] {
    return this.effects.map((effect) =>
      effect.do === "publish" ? effect.event.type : effect.do,
    );
  }

  published(type: string): object[] {
    return this.all("publish")
      .filter((effect) => effect.event.type === type)
      .map((effect) => effect.event.data);
  }

  /** What the model was asked to say, word by word. */
  get said(): string[] {
    return this.all("create_response").flatMap(
      ({ request }) =>
        /^Say exactly: "([\s\S]+)"\n/.exec(request.instructions ?? "")?.[1] ??
        [],
    );
  }
}
