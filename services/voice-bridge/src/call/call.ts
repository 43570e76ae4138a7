import {
  withRequestContext,
  type Logger,
  type RequestContext,
} from "@easymo/service-kit";
import type { AudioSlice, ModelAudio } from "../media/audio-slice.js";
import { instructionsFor } from "../model/instructions.js";
import type { MediaLeg, MediaLegListener } from "../telephony/media-leg.js";
import { toolDefinitions } from "../tools/definitions.js";
import { CallAudio } from "./call-audio.js";
import { isProgress, type CallEffect } from "./call-effects.js";
import type { CallView } from "./call-view.js";
import { decide, type CallInput } from "./call-machine.js";
import { progressOf, type CallProgress } from "./call-progress.js";
import {
  createCallState,
  type CallIdentity,
  type CallState,
  type StopReason,
  type StreamOutcome,
} from "./call-state.js";
import { performOnModel } from "./model-effects.js";
import { ModelSessions } from "./model-sessions.js";
import { plainMarkReturned } from "./playback-ledger.js";
import type { CallLimits, CallPorts } from "./ports.js";

/**
 * One call: puts the machine's decisions into action, and passes audio
 * between the caller and the model on a path of its own.
 */
export class Call implements MediaLegListener {
  readonly identity: CallIdentity;
  readonly #ports: CallPorts;
  readonly #limits: CallLimits;
  readonly #state: CallState;
  readonly #context: RequestContext;
  readonly #logger: Logger;
  readonly #audio: CallAudio;
  readonly #sessions: ModelSessions;
  #lastFrameAtMs: number;

  constructor(identity: CallIdentity, ports: CallPorts, limits: CallLimits) {
    this.identity = identity;
    this.#ports = ports;
    this.#limits = limits;
    const nowMs = ports.clock.monotonicMs();
    this.#state = createCallState(identity, nowMs);
    this.#audio = new CallAudio(ports, this.#state.ledger);
    this.#lastFrameAtMs = nowMs;
    const { callId, tenantId, requestId, traceparent } = identity;
    this.#context = {
      requestId,
      tenantId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    this.#logger = ports.logger.child({ callId, tenantId, requestId });
    this.#sessions = this.inContext(() => this.#openSessions());
  }

  /** The caller's audio is there. */
  attach(leg: MediaLeg): void {
    this.#audio.attach(leg);
    this.#lastFrameAtMs = this.#ports.clock.monotonicMs();
    this.#step({ type: "media_started", streamId: leg.streamId });
    this.#audio.playHeld();
  }

  /** Whatever set it off: what is done for a call, and logged of it, is its request's and its tenant's. */
  inContext<T>(work: () => T): T {
    return withRequestContext(this.#context, work);
  }

  get isAttached(): boolean {
    return this.#audio.leg !== undefined;
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

  /** What another replica would go on from. */
  progress(): CallProgress {
    return progressOf(this.#state);
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
    this.#audio.dropHeld();
  }

  // ---- the caller's side -------------------------------------------------

  audio(audio: AudioSlice): void {
    this.#audio.fromCaller(audio, this.#sessions);
  }

  malformedAudio(): void {
    if (this.#audio.malformed())
      this.#logger.warn("media frame dropped: not base64");
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
    const reason = detail === "stop" ? "caller_hangup" : "connection_lost";
    this.#step({ type: "leg_ended", reason });
    const { ending } = this.#state;
    this.#finish(
      ending?.reason ?? reason,
      ending?.outcome ??
        (detail === "stop" ? { kind: "hang_up" } : this.#apology()),
    );
  }

  /** A caller whose stream broke is still there: told so, and handed to a person. */
  #apology(): StreamOutcome {
    return {
      kind: "apologise",
      transferTo: this.identity.agent.transfer?.to,
    };
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
    if (!this.#audio.fromModel(delta)) return;
    const { itemId, responseId } = delta;
    this.#step({ type: "item_audio_started", itemId, responseId });
  }

  // ---- time --------------------------------------------------------------

  /** Called a few times a second, for what time alone decides. */
  tick(nowMs: number): void {
    if (this.isOver) return;
    if (this.#audio.takeActivity()) this.#lastFrameAtMs = nowMs;
    this.#audio.report();
    if (
      this.isAttached &&
      this.identity.channel === "twilio" &&
      nowMs - this.#lastFrameAtMs >= this.#limits.idleMs
    ) {
      this.end("idle");
      return;
    }
    this.#step({ type: "tick" });
    this.#sample(nowMs, this.#limits.sampleMs);
  }

  // ---- decisions into actions ----------------------------------------------

  #step(input: CallInput): void {
    const effects = decide(this.#state, input, this.#ports.clock.monotonicMs());
    if (effects.length === 0) return;
    this.inContext(() => {
      for (const effect of effects) this.#perform(effect);
    });
    if (effects.some(isProgress)) this.#ports.progressed(this);
  }

  #perform(effect: CallEffect): void {
    const { identity } = this;
    switch (effect.do) {
      case "publish":
        this.#ports.events.publish(identity, effect.event);
        return;
      case "clear_playback":
        this.#audio.dropHeld();
        if (identity.channel === "sip") this.#sessions.current?.clearPlayback();
        else this.#audio.leg?.clear();
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
        this.#audio.leg?.close();
        this.#finish(effect.reason, effect.outcome);
        return;
      case "observe":
        this.#ports.observe(this, effect.what);
        return;
      default:
        performOnModel(effect, this.#sessions);
    }
  }

  #runTool(callId: string, name: string, argumentsJson: string): void {
    void this.#ports.runTool(this, name, argumentsJson).then((outcome) => {
      this.#step({ type: "tool_finished", callId, name, outcome });
    });
  }

  #sample(nowMs: number, sampleMs: number): void {
    const sample = this.#audio.takeSample(nowMs, sampleMs);
    if (sample !== undefined)
      this.#ports.events.sample(this.identity, sample.windowMs, sample.window);
  }

  #finish(reason: StopReason, outcome: StreamOutcome): void {
    this.#sessions.close();
    this.#audio.dropHeld();
    this.#audio.report();
    // What is left of the last window, so that all samples together are the whole call.
    this.#sample(this.#ports.clock.monotonicMs(), 1);
    this.inContext(() => this.#ports.ended(this, reason, outcome));
  }
}
