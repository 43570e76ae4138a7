import type { Agent } from "@easymo/routing";
import type { ModelUsage } from "../model/model-events.js";
import type { PastTurn, ResponseRequest } from "../model/realtime-model.js";
import type { PaymentPrompt } from "../payment/payment-prompt.js";
import type { CallProgress } from "./call-progress.js";
import { isLanguage, type Language } from "./language.js";
import {
  createPlaybackLedger,
  type PlaybackLedger,
} from "./playback-ledger.js";

export type Direction = "inbound" | "outbound";

/** What is known of a call before anybody speaks; never changes. */
export interface CallIdentity {
  /** The carrier's id of the call. */
  readonly callId: string;
  readonly tenantId: string;
  readonly agent: Agent;
  readonly direction: Direction;
  readonly channel: "twilio" | "sip";
  /** Of our channel, as people and metrics call it; undefined when it has none. */
  readonly channelName: string | undefined;
  readonly from: string;
  readonly to: string;
  /** The number of the person, whichever side dialled; undefined when withheld. */
  readonly person: string | undefined;
  readonly requestId: string;
  /** W3C Trace Context of the request that began the call; with tracing on. */
  readonly traceparent: string | undefined;
  /** The model's session is replaced before it is this old. */
  readonly modelSessionMaxMs: number;
  /** For so long another replica had the call, whose conversation goes on; left out when it begins here. */
  readonly underWayMs?: number;
  /** What it had come to with that replica; left out when that is not known. */
  readonly soFar?: CallProgress;
}

/** Why a call ended; `call.stop`'s reason and the metric's outcome. */
export type StopReason =
  | "caller_hangup"
  | "connection_lost"
  | "opt_out"
  | "transfer"
  | "api_hangup"
  | "idle"
  | "time_limit"
  | "drained"
  | "model_unreachable"
  | "model_lost"
  | "answering_machine";

/** How the carrier goes on when the stream is over. */
export type StreamOutcome =
  | { kind: "hang_up" }
  | { kind: "transfer"; to: string }
  | { kind: "apologise"; transferTo: string | undefined };

/** A response that we want, waiting for its turn: only one may be active. */
export interface WantedResponse {
  readonly request: ResponseRequest;
  readonly purpose: ResponsePurpose;
}

export type ResponsePurpose =
  "greeting" | "reply" | "payment" | "opt_out" | "transfer" | "time_limit";

export interface ActiveResponse {
  /** Undefined between our request and the model's answer to it. */
  responseId: string | undefined;
  wanted: WantedResponse | undefined;
  requestedAtMs: number;
  cancelled: boolean;
}

/** Words of an agent's item, until it has been heard or cut. */
export interface SpokenItem {
  readonly itemId: string;
  responseId: string;
  text: string;
  textComplete: boolean;
  purpose: ResponsePurpose;
  /** The caller's turn that this is the first answer to. */
  turn: { number: number; latencyMs: number } | undefined;
  outcome: "playing" | "heard" | "cut";
  audioMs: number;
  heardMs: number;
}

export interface Ending {
  readonly reason: StopReason;
  readonly outcome: StreamOutcome;
  /** The farewell, until it was heard. */
  farewell: "wanted" | "playing" | "done";
  readonly deadlineAtMs: number;
}

/** How the caller said that they want no more calls. */
export interface OptOut {
  readonly via: "speech" | "dtmf" | "tool";
  readonly phrase: string;
}

export interface CallState {
  readonly identity: CallIdentity;
  phase: "waiting" | "live" | "ending" | "ended";
  createdAtMs: number;
  startedAtMs: number | undefined;
  connectedAtMs: number | undefined;
  language: Language;
  readonly ledger: PlaybackLedger;
  /** Responses that the model's own carrier is playing. */
  readonly remotePlayback: Set<string>;
  /** Responses whose late audio is dropped; the newest few. */
  readonly cutResponses: string[];
  model: {
    phase: "opening" | "ready";
    /** Since when the caller has no model; for the deadline. */
    awaySinceMs: number;
    openedAtMs: number;
    attempts: number;
    /** A second session, to take over before the first one expires. */
    successor: "none" | "opening" | "ready";
    /** A response was lost with the last session. */
    owesResponse: boolean;
  };
  active: ActiveResponse | undefined;
  readonly wanted: WantedResponse[];
  nextRequest: number;
  callerSpeaking: boolean;
  /** The caller's turn that waits for the agent's first audio. */
  awaitingAudioSinceMs: number | undefined;
  turns: number;
  readonly latenciesMs: number[];
  readonly spoken: Map<string, SpokenItem>;
  readonly history: PastTurn[];
  readonly toolsRunning: Set<string>;
  readonly toolsSeen: Set<string>;
  /** Tool calls whose model session is gone: their result is told in words. */
  readonly toolsDetached: Set<string>;
  payment: PaymentPrompt | undefined;
  optOut: OptOut | undefined;
  ending: Ending | undefined;
  usage: Record<string, number>;
}

export function createCallState(
  identity: CallIdentity,
  nowMs: number,
): CallState {
  const { soFar } = identity;
  const payment = soFar?.payment ?? undefined;
  return {
    identity,
    phase: "waiting",
    createdAtMs: nowMs,
    startedAtMs: undefined,
    connectedAtMs: undefined,
    language: soFar?.language ?? firstLanguage(identity.agent),
    ledger: createPlaybackLedger(),
    remotePlayback: new Set(),
    cutResponses: [],
    model: {
      phase: "opening",
      awaySinceMs: nowMs,
      openedAtMs: nowMs,
      attempts: 1,
      successor: "none",
      owesResponse: false,
    },
    active: undefined,
    wanted: [],
    nextRequest: 1,
    callerSpeaking: false,
    awaitingAudioSinceMs: undefined,
    turns: soFar?.turns ?? 0,
    latenciesMs: [...(soFar?.latenciesMs ?? [])],
    spoken: new Map(),
    history: [],
    toolsRunning: new Set(),
    toolsSeen: new Set(),
    toolsDetached: new Set(),
    payment: payment && { ...payment },
    optOut: undefined,
    ending: undefined,
    usage: { ...soFar?.usage },
  };
}

function firstLanguage(agent: Agent): Language {
  return agent.languages.find(isLanguage) ?? "en";
}

export function addUsage(state: CallState, usage: ModelUsage): void {
  for (const [kind, tokens] of Object.entries(usage))
    state.usage[kind] = (state.usage[kind] ?? 0) + tokens;
}
