/**
 * What the page and the demo's server say to each other.
 *
 * Over the `/phone` socket, text messages are the JSON below. Binary messages
 * are audio, μ-law at 8 kHz: from the page, what its microphone hears; to the
 * page, one byte that says whose voice it is (`AGENT_AUDIO` or `CALLER_AUDIO`),
 * then the sound.
 */

import type { SipLine } from "./sip/wire.js";
import type { Business } from "./whatsapp/wire.js";

export type Language = "en" | "fr" | "rw" | "sw";

/** The first byte of audio to the page: the agent's voice, or the caller's. */
export type AudioSource = 0 | 1;

/** From the page to the telephone. */
export type PhoneRequest =
  | { readonly type: "dial"; readonly from: string; readonly to: string }
  | { readonly type: "answer"; readonly callId: string }
  | { readonly type: "decline"; readonly callId: string }
  | { readonly type: "say"; readonly text: string; readonly language: Language }
  | { readonly type: "interrupt"; readonly language: Language }
  | { readonly type: "press"; readonly digit: string }
  | { readonly type: "hangup" };

/** From the telephone to the page. */
export type PhoneNotice =
  | {
      readonly type: "call";
      readonly callId: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly type: "state"; readonly state: string }
  | { readonly type: "connected" }
  /** The caller's voice has been made; its sound follows. */
  | {
      readonly type: "speaking";
      readonly text: string;
      readonly durationMs: number;
    }
  /** Agent's audio that was not heard yet has been thrown away. */
  | { readonly type: "clear" }
  /** The phone company's own voice says this. */
  | { readonly type: "announcement"; readonly text: string }
  | { readonly type: "transfer"; readonly to: string }
  | { readonly type: "problem"; readonly message: string }
  | { readonly type: "ended"; readonly reason: string };

/** An event of the platform's bus, as the page shows it. */
export interface FeedEntry {
  readonly sequence: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The agent calls one of the demo's own numbers. */
export interface Ringing {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
}

/** A number that can be dialled. */
export interface Line {
  readonly address: string;
  readonly tenant: string;
  readonly agent: string;
  readonly languages: readonly string[];
}

export interface Setup {
  readonly lines: readonly Line[];
  readonly businesses: readonly Business[];
  readonly sipLines: readonly SipLine[];
  readonly topics: readonly string[];
  readonly model: "offline" | "openai";
  readonly voice: "espeak" | "tone";
}

export interface Person {
  readonly tenant: string;
  readonly name: string | undefined;
  readonly phone: string | undefined;
  readonly language: string | undefined;
  readonly tags: readonly string[];
  readonly optedOut: boolean;
}

export interface OptOut {
  readonly tenant: string;
  readonly phone: string;
  readonly channel: string | undefined;
  readonly at: string | undefined;
}

export interface People {
  readonly leads: readonly Person[];
  readonly optOuts: readonly OptOut[];
}

/** voice-bridge's own answer to an order to call someone. */
export interface CallMeAnswer {
  readonly status: number;
  readonly title: string;
}
