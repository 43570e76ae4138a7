import type { Timer } from "@easymo/service-kit";
import type { AnswerPolicy, CallStatus } from "./call-types.js";
import type { CallOrder, MachineDetection } from "./carrier.js";

/** How long it takes to tell a person from a machine. */
const DETECTION_MS = { human: 1200, machine: 2600 } as const;

/** What an outbound call does to the telephone that it rings. */
export interface RingOut {
  readonly outbound: NonNullable<CallOrder["outbound"]>;
  readonly ringMs: number;
  policy(): AnswerPolicy;
  /** Calls `then` after so much line time, unless the call is over first. */
  after(lineMs: number, then: () => void): Timer;
  become(status: CallStatus): void;
  onPickUp(pickUp: () => void): void;
  connect(): void;
  runApplication(): void;
  detected(answeredBy: string): void;
  reportDetection(url: string, detection: Record<string, string>): void;
  giveUp(reason: "busy" | "no-answer"): void;
}

/**
 * An outbound call from its order to its answer: `initiated`, `ringing`, then
 * what the one who is called does.
 */
export function ringOut(call: RingOut): void {
  call.after(0, () => {
    call.become("initiated");
    call.become("ringing");
    const policy = call.policy();
    if (policy === "ring") waitForPerson(call);
    else call.after(call.ringMs, () => react(call, policy));
  });
}

function react(call: RingOut, policy: Exclude<AnswerPolicy, "ring">): void {
  if (policy === "human" || policy === "machine") pickUp(call, policy);
  else call.giveUp(policy);
}

function waitForPerson(call: RingOut): void {
  const timeoutMs = call.outbound.timeoutSeconds * 1000;
  const timeout = call.after(timeoutMs, () => call.giveUp("no-answer"));
  call.onPickUp(() => {
    timeout.cancel();
    pickUp(call, "human");
  });
}

function pickUp(call: RingOut, who: "human" | "machine"): void {
  call.connect();
  const detection = call.outbound.machineDetection;
  if (detection === undefined) {
    call.runApplication();
    return;
  }
  const durationMs = DETECTION_MS[who];
  const answeredBy = answerOf(who, detection);
  if (detection.async) {
    call.runApplication();
    call.after(durationMs, () => {
      call.detected(answeredBy);
      if (detection.asyncCallback === undefined) return;
      call.reportDetection(detection.asyncCallback, {
        AnsweredBy: answeredBy,
        MachineDetectionDuration: String(durationMs),
      });
    });
    return;
  }
  call.after(durationMs, () => {
    call.detected(answeredBy);
    call.runApplication();
  });
}

/** twilio.com/docs/voice/answering-machine-detection#webhook-parameters */
function answerOf(who: "human" | "machine", { mode }: MachineDetection) {
  if (who === "human") return "human";
  return mode === "Enable" ? "machine_start" : "machine_end_beep";
}
