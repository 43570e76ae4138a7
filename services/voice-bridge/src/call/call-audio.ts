import {
  emptyAudioSlice,
  type AudioSlice,
  type ModelAudio,
} from "../media/audio-slice.js";
import { decodedLength } from "../media/base64.js";
import type { MediaLeg } from "../telephony/media-leg.js";
import { HeldAudio } from "./held-audio.js";
import { MediaCounters, type MediaWindow } from "./media-counters.js";
import type { ModelSessions } from "./model-sessions.js";
import { audioSent, type PlaybackLedger } from "./playback-ledger.js";
import type { CallPorts } from "./ports.js";

/** One frame in this many has its way through the process timed. */
const FORWARD_SAMPLE = 64;

type AudioPorts = Pick<CallPorts, "clock" | "countFrames" | "observeForward">;

/** A call's audio, on a path of its own, and how much there was of it. */
export class CallAudio {
  readonly #ports: AudioPorts;
  readonly #ledger: PlaybackLedger;
  readonly #counters = new MediaCounters();
  /** The agent's audio until the line is there. */
  readonly #agentAudio = new HeldAudio();
  readonly #heldSlice = emptyAudioSlice();
  #leg: MediaLeg | undefined;
  #frames = 0;
  #lastItemId = "";
  #sampledAtMs: number;

  constructor(ports: AudioPorts, ledger: PlaybackLedger) {
    this.#ports = ports;
    this.#ledger = ledger;
    this.#sampledAtMs = ports.clock.monotonicMs();
  }

  get leg(): MediaLeg | undefined {
    return this.#leg;
  }

  /** The line is there: what the agent said meanwhile still waits, for `playHeld`. */
  attach(leg: MediaLeg): void {
    this.#leg = leg;
    this.#sampledAtMs = this.#ports.clock.monotonicMs();
  }

  playHeld(): void {
    this.#agentAudio.drain((buffer, start, end, markName) => {
      const slice = this.#heldSlice;
      slice.buffer = buffer;
      slice.start = start;
      slice.end = end;
      this.#leg?.play(slice, markName);
    });
  }

  dropHeld(): void {
    this.#agentAudio.drop();
  }

  /** Hot path: a frame of the caller's. */
  fromCaller(audio: AudioSlice, sessions: ModelSessions): void {
    const timed = this.#frames++ % FORWARD_SAMPLE === 0;
    const since = timed ? performance.now() : 0;
    this.#counters.inboundFrames += 1;
    this.#counters.inboundBytes += decodedLength(
      audio.buffer,
      audio.start,
      audio.end,
    );
    sessions.hear(audio);
    if (timed)
      this.#ports.observeForward("inbound", (performance.now() - since) / 1000);
  }

  /** Hot path: a delta of the agent's. True when it is the first of its item. */
  fromModel(delta: ModelAudio): boolean {
    const timed = this.#frames++ % FORWARD_SAMPLE === 0;
    const since = timed ? performance.now() : 0;
    const bytes = decodedLength(delta.buffer, delta.start, delta.end);
    const markName = audioSent(
      this.#ledger,
      delta.itemId,
      delta.responseId,
      bytes,
      this.#ports.clock.monotonicMs(),
    );
    this.#counters.outboundFrames += 1;
    this.#counters.outboundBytes += bytes;
    if (this.#leg === undefined) this.#agentAudio.hold(delta, markName);
    else this.#leg.play(delta, markName);
    if (timed)
      this.#ports.observeForward(
        "outbound",
        (performance.now() - since) / 1000,
      );
    if (delta.itemId === this.#lastItemId) return false;
    this.#lastItemId = delta.itemId;
    return true;
  }

  /** True for the first frame that is no base64. */
  malformed(): boolean {
    this.#counters.malformedFrames += 1;
    this.#ports.countFrames("malformed", 1);
    return this.#counters.malformedFrames === 1;
  }

  /** Whether the caller's side has sent anything since it was last asked. */
  takeActivity(): boolean {
    return this.#counters.takeActivity();
  }

  /** Tells the metrics of what came since the last time. */
  report(): void {
    this.#counters.report((direction, frames) =>
      this.#ports.countFrames(direction, frames),
    );
  }

  /** What the last window came to, when it lasted `sampleMs` or longer. */
  takeSample(
    nowMs: number,
    sampleMs: number,
  ): { windowMs: number; window: MediaWindow } | undefined {
    if (this.#leg === undefined || nowMs - this.#sampledAtMs < sampleMs)
      return undefined;
    const windowMs = Math.round(nowMs - this.#sampledAtMs);
    this.#sampledAtMs = nowMs;
    return {
      windowMs,
      window: this.#counters.takeWindow(this.#ledger.heardBytes),
    };
  }
}
