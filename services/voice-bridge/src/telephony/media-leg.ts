import type { AudioSlice } from "../media/audio-slice.js";

/**
 * A port: the caller's end of a call's audio. Nothing here waits or throws.
 * `clear` drops what was sent and is unheard; marks come back when heard.
 */
export interface MediaLeg {
  readonly streamId: string;
  /** Hot path: sends audio and, behind it, a mark of that name. */
  play(audio: AudioSlice, markName: string): void;
  clear(): void;
  /** Ends the stream; the carrier goes on with what follows it. */
  close(): void;
  /** Ends a stream that should not be: somebody else has the call. */
  refuse(reason: string): void;
}

export interface MediaLegListener {
  /** Hot path: `audio` is only valid during the call. */
  audio(audio: AudioSlice): void;
  malformedAudio(): void;
  markReturned(name: string): void;
  digit(digit: string): void;
  /** The caller hung up, or the socket is gone. Told once. */
  ended(detail: "stop" | "socket_closed"): void;
}
