import type { Clock, Logger } from "@easymo/service-kit";
import {
  emptyAudioSlice,
  type AudioSlice,
  type ModelAudio,
} from "../media/audio-slice.js";
import { decodedLength } from "../media/base64.js";
import { instructionsFor } from "../model/instructions.js";
import type { RealtimeModel } from "../model/realtime-model.js";
import type { MediaLeg, MediaLegListener } from "../telephony/media-leg.js";
import { toolDefinitions } from "../tools/definitions.js";
import type { CallEffect, CallObservation } from "./call-effects.js";
import type { CallEvents } from "./call-events.js";
import type { CallView } from "./call-view.js";
import { decide, type CallInput } from "./call-machine.js";
import {
  createCallState,
  type CallIdentity,
  type CallState,
  type StopReason,
  type StreamOutcome,
} from "./call-state.js";
import { HeldAudio } from "./held-audio.js";
import { MediaCounters } from "./media-counters.js";
import { ModelSessions } from "./model-sessions.js";
import { audioSent, plainMarkReturned } from "./playback-ledger.js";
import type { ToolOutcome } from "./tool-calls.js";

/** What a call needs of the world. Nothing here may make it wait. */
export interface CallPorts {
  readonly model: RealtimeModel;
  readonly events: CallEvents;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Never rejects. */
  runTool(
    call: Call,
    name: string,
    argumentsJson: string,
  ): Promise<ToolOutcome>;
  registerOptOut(call: Call, via: string, phrase: string): void;
  sendPaymentByWhatsApp(call: Call, paymentId: string, text: string): void;
  observe(call: Call, what: CallObservation): void;
  /** Seconds that a frame spent here; for one frame in many. */
  observeForward(direction: "inbound" | "outbound", seconds: number): void;
  countFrames(
    direction: "inbound" | "outbound" | "malformed",
    frames: number,
  ): void;
  ended(call: Call, reason: StopReason, outcome: StreamOutcome): void;
}

export interface CallLimits {
  readonly idleMs: number;
  readonly sampleMs: number;
}

/** One frame in this many has its way through the process timed. */
const FORWARD_SAMPLE = 64;

/**
 * One call: puts the machine's decisions into action, and passes audio
 * between the caller and the model on a path of its own.
 */
export class Call implements MediaLegListener {
  readonly identity: CallIdentity;
  readonly #ports: CallPorts;
  readonly #limits: CallLimits;
  readonly #state: CallState;
  readonly #logger: Logger;
  readonly #counters = new MediaCounters();
  readonly #sessions: ModelSessions;
  /** The agent's audio until the line is there. */
  readonly #agentAudio = new HeldAudio();
  readonly #heldSlice = emptyAudioSlice();
  #leg: MediaLeg | undefined;
  #lastItemId = "";
  #lastFrameAtMs: number;
  #sampledAtMs: number;
  #frames = 0;

  constructor(identity: CallIdentity, ports: CallPorts, limits: CallLimits) {
    this.identity = identity;
    this.#ports = ports;
    this.#limits = limits;
    const nowMs = ports.clock.monotonicMs();
    this.#state = createCallState(identity, nowMs);
    this.#lastFrameAtMs = nowMs;
    this.#sampledAtMs = nowMs;
    this.#logger = ports.logger.child({
      callId: identity.callId,
      tenantId: identity.tenantId,
      requestId: identity.requestId,
    });
    this.#sessions = this.#openSessions();
  }

  /** The caller's audio is there. */
  attach(leg: MediaLeg): void {
    this.#leg = leg;
    const nowMs = this.#ports.clock.monotonicMs();
    this.#lastFrameAtMs = nowMs;
    this.#sampledAtMs = nowMs;
    this.#step({ type: "media_started", streamId: leg.streamId });
    this.#agentAudio.drain((buffer, start, end, markName) => {
      const slice = this.#heldSlice;
      slice.buffer = buffer;
      slice.start = start;
      slice.end = end;
      leg.play(slice, markName);
    });
  }

  get isAttached(): boolean {
    return this.#leg !== undefined;
  }

  get isOver(): boolean {
    return this.#state.phase === "ended";
  }

  get language(): CallState["language"] {
    return this.#state.language;
  }

  view(): CallView {
    const { identity } = this;
    const state = this.#state;
    return {
      callId: identity.callId,
      tenantId: identity.tenantId,
      agent: identity.agent.name,
      direction: identity.direction,
      from: identity.from,
      to: identity.to,
      status: state.phase === "waiting" ? "connecting" : state.phase,
      durationMs:
        state.startedAtMs === undefined
          ? 0
          : Math.round(this.#ports.clock.monotonicMs() - state.startedAtMs),
      turns: state.turns,
    };
  }

  transfer(to: string, queue: string | undefined, reason: string): void {
    this.#step({
      type: "transfer",
      to,
      ...(queue === undefined ? {} : { queue }),
      reason,
    });
  }

  end(reason: StopReason, outcome: StreamOutcome = { kind: "hang_up" }): void {
    this.#step({ type: "end", reason, outcome });
  }

  /** Another replica has the call: nothing of it is told, and nothing more done. */
  abandon(): void {
    this.#state.phase = "ended";
    this.#sessions.close();
    this.#agentAudio.drop();
  }

  // ---- the caller's side -------------------------------------------------

  audio(audio: AudioSlice): void {
    const timed = this.#frames++ % FORWARD_SAMPLE === 0;
    const since = timed ? performance.now() : 0;
    this.#counters.inboundFrames += 1;
    this.#counters.inboundBytes += decodedLength(
      audio.buffer,
      audio.start,
      audio.end,
    );
    this.#sessions.hear(audio);
    if (timed)
      this.#ports.observeForward("inbound", (performance.now() - since) / 1000);
  }

  malformedAudio(): void {
    this.#counters.malformedFrames += 1;
    if (this.#counters.malformedFrames === 1)
      this.#logger.warn("media frame dropped: not base64");
    this.#ports.countFrames("malformed", 1);
  }

  markReturned(name: string): void {
    if (!plainMarkReturned(this.#state.ledger, name))
      this.#step({ type: "mark_returned", name });
  }

  digit(digit: string): void {
    this.#step({ type: "digit", digit });
  }

  ended(detail: "stop" | "socket_closed"): void {
    if (this.isOver) return;
    this.#step({
      type: "leg_ended",
      reason: detail === "stop" ? "caller_hangup" : "connection_lost",
    });
    this.#finish(
      this.#state.ending?.reason ??
        (detail === "stop" ? "caller_hangup" : "connection_lost"),
      this.#state.ending?.outcome ?? { kind: "hang_up" },
    );
  }

  // ---- the model's side --------------------------------------------------

  #openSessions(): ModelSessions {
    const { identity } = this;
    const setup = {
      agent: identity.agent,
      instructions: instructionsFor(identity),
      tools: toolDefinitions(identity.agent),
      sideBandCallId: identity.channel === "sip" ? identity.callId : undefined,
    };
    const { model, clock } = this.#ports;
    return new ModelSessions(model, setup, clock, {
      ready: () => this.#step({ type: "model_ready" }),
      audio: (delta) => this.#modelAudio(delta),
      event: (event) => this.#step({ type: "model", event }),
      closed: (reason, detail) => {
        if (this.isOver) return;
        // The call is gone with its session, unless only the socket dropped.
        if (identity.channel === "sip" && reason !== "dropped") {
          this.ended("stop");
          return;
        }
        this.#logger.warn({ reason, detail }, "model session closed");
        this.#step({ type: "model_closed", reason });
      },
      successorReady: () => this.#step({ type: "successor_ready" }),
      successorFailed: () => this.#step({ type: "successor_failed" }),
    });
  }

  #modelAudio(delta: ModelAudio): void {
    if (this.isOver || this.#state.cutResponses.includes(delta.responseId))
      return;
    const timed = this.#frames++ % FORWARD_SAMPLE === 0;
    const since = timed ? performance.now() : 0;
    const bytes = decodedLength(delta.buffer, delta.start, delta.end);
    const markName = audioSent(
      this.#state.ledger,
      delta.itemId,
      delta.responseId,
      bytes,
      this.#ports.clock.monotonicMs(),
    );
    this.#counters.outboundFrames += 1;
    this.#counters.outboundBytes += bytes;
    if (this.#leg === undefined) this.#agentAudio.hold(delta, markName);
    else this.#leg.play(delta, markName);
    if (delta.itemId !== this.#lastItemId) {
      this.#lastItemId = delta.itemId;
      const { itemId, responseId } = delta;
      this.#step({ type: "item_audio_started", itemId, responseId });
    }
    if (timed)
      this.#ports.observeForward(
        "outbound",
        (performance.now() - since) / 1000,
      );
  }

  // ---- time --------------------------------------------------------------

  /** Called a few times a second, for what time alone decides. */
  tick(nowMs: number): void {
    if (this.isOver) return;
    if (this.#counters.takeActivity()) this.#lastFrameAtMs = nowMs;
    this.#counters.report((direction, frames) =>
      this.#ports.countFrames(direction, frames),
    );
    if (
      this.isAttached &&
      this.identity.channel === "twilio" &&
      nowMs - this.#lastFrameAtMs >= this.#limits.idleMs
    ) {
      this.end("idle");
      return;
    }
    this.#step({ type: "tick" });
    if (this.isAttached && nowMs - this.#sampledAtMs >= this.#limits.sampleMs)
      this.#sample(nowMs);
  }

  #sample(nowMs: number): void {
    const windowMs = Math.round(nowMs - this.#sampledAtMs);
    this.#sampledAtMs = nowMs;
    this.#ports.events.sample(
      this.identity,
      windowMs,
      this.#counters.takeWindow(this.#state.ledger.heardBytes),
    );
  }

  // ---- decisions into actions ----------------------------------------------

  #step(input: CallInput): void {
    const effects = decide(this.#state, input, this.#ports.clock.monotonicMs());
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: CallEffect): void {
    const { identity } = this;
    switch (effect.do) {
      case "publish":
        this.#ports.events.publish(identity, effect.event);
        return;
      case "open_model":
        if (effect.why === "expiring") this.#sessions.openSuccessor();
        else this.#sessions.reopen(effect.delayMs);
        return;
      case "switch_model":
        this.#sessions.switchToSuccessor();
        return;
      case "flush_caller_audio":
        this.#sessions.listen();
        return;
      case "clear_playback":
        this.#agentAudio.drop();
        if (identity.channel === "sip") this.#sessions.current?.clearPlayback();
        else this.#leg?.clear();
        return;
      case "truncate":
        this.#sessions.current?.truncate(
          effect.itemId,
          effect.contentIndex,
          effect.audioEndMs,
        );
        return;
      case "create_response":
        this.#sessions.current?.createResponse(effect.request);
        return;
      case "cancel_response":
        this.#sessions.current?.cancelResponse();
        return;
      case "add_turn":
        this.#sessions.current?.addTurn(effect.turn);
        return;
      case "add_tool_result":
        this.#sessions.current?.addToolResult(effect.callId, effect.output);
        return;
      case "stop_listening":
        this.#sessions.current?.stopListening();
        return;
      case "run_tool":
        this.#runTool(effect.callId, effect.name, effect.arguments);
        return;
      case "register_opt_out":
        this.#ports.registerOptOut(this, effect.via, effect.phrase);
        return;
      case "send_payment_by_whatsapp":
        this.#ports.sendPaymentByWhatsApp(this, effect.paymentId, effect.text);
        return;
      case "close_leg":
        this.#leg?.close();
        this.#finish(effect.reason, effect.outcome);
        return;
      case "observe":
        this.#ports.observe(this, effect.what);
    }
  }

  #runTool(callId: string, name: string, argumentsJson: string): void {
    void this.#ports.runTool(this, name, argumentsJson).then((outcome) => {
      this.#step({ type: "tool_finished", callId, name, outcome });
    });
  }

  #finish(reason: StopReason, outcome: StreamOutcome): void {
    this.#sessions.close();
    this.#agentAudio.drop();
    this.#counters.report((direction, frames) =>
      this.#ports.countFrames(direction, frames),
    );
    this.#ports.ended(this, reason, outcome);
  }
}
