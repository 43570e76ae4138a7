import type { CarrierProblem } from "./problem.js";
import type { StreamStopped } from "./media-stream.js";

/** A call's status, in Twilio's words. */
export type CallStatus =
  | "queued"
  | "initiated"
  | "ringing"
  | "in-progress"
  | "completed"
  | "busy"
  | "no-answer"
  | "canceled"
  | "failed";

/** Which side placed the call, as seen from the account. */
export type Direction = "inbound" | "outbound-api";

/** Why a call is over. */
export type EndReason =
  | "caller-hangup"
  | "twiml-hangup"
  | "twiml-end"
  | "rejected"
  | "api"
  | "busy"
  | "no-answer"
  | "canceled"
  | "application-error"
  | "simulator-closed";

export interface CallEnd {
  readonly reason: EndReason;
  readonly status: CallStatus;
  /** From the answer to the end, on the line's own clock. */
  readonly durationMs: number;
}

/** A Media Stream has begun: its socket is open and `start` was sent. */
export interface StreamStarted {
  readonly streamSid: string;
  /** The address in the TwiML. */
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A piece of audio that was played to the caller. */
export interface PlayedAudio {
  readonly audio: Buffer;
  /** Bytes heard before this piece, since the call began. */
  readonly positionBytes: number;
}

/** `<Say>`: words that the carrier's own voice says. */
export interface SaidText {
  readonly text: string;
  readonly language: string | undefined;
}

/** `<Dial>`: somebody else is being called. */
export interface Dialled {
  readonly numbers: readonly string[];
  readonly callerId: string | undefined;
}

/** What happens in a call, and with what. */
export interface CallEvents {
  state: CallStatus;
  streamStarted: StreamStarted;
  streamStopped: StreamStopped;
  /** Audio arrived from the stream's server; it is not heard yet. */
  received: Buffer;
  played: PlayedAudio;
  /** Everything that was sent has been heard, or was cleared. */
  idle: undefined;
  /** A mark was echoed to the stream's server. */
  mark: string;
  clear: { readonly discardedBytes: number };
  say: SaidText;
  dial: Dialled;
  /** The one who was dialled talks with the caller, until one of them ends it. */
  dialAnswered: Dialled;
  /** What Twilio's debugger would show. */
  problem: CarrierProblem;
  ended: CallEnd;
}

/** How the simulator's own phone reacts to an outbound call. */
export type AnswerPolicy =
  | "human"
  | "machine"
  | "busy"
  | "no-answer"
  /** Rings until `answer()` or `hangUp()`, or until the call's time-out. */
  | "ring";

/** How a number that `<Dial>` calls reacts. */
export type DialOutcome = "answered" | "busy" | "no-answer" | "failed";

/** Speaks `<Say>`; μ-law at 8 kHz. */
export type Announcer = (
  text: string,
  language: string | undefined,
) => Promise<Buffer>;
