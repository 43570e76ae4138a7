import type { Clock, Logger } from "@easymo/service-kit";
import type { RealtimeModel } from "../model/realtime-model.js";
import type { CallEvents } from "./call-events.js";
import type { CallObservation } from "./call-effects.js";
import type { Call } from "./call.js";
import type { StopReason, StreamOutcome } from "./call-state.js";
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
  /** More has come of the call than another replica knows of; see `Call.progress`. */
  progressed(call: Call): void;
  ended(call: Call, reason: StopReason, outcome: StreamOutcome): void;
}

export interface CallLimits {
  readonly idleMs: number;
  readonly sampleMs: number;
}
