import type { Clock, Timer } from "@easymo/service-kit";
import { WireDecoder } from "../hearing/audio-format.js";
import {
  type HearingEvent,
  InputAudio,
  type Utterance,
  type VadSettings,
} from "../hearing/input-audio.js";
import type { AudioFormat } from "../protocol/session-config.js";

/** Frames of a call come every 20 ms; without any for this long beyond the silence, the line has gone quiet. */
const GRACE_MS = 200;

/**
 * The caller's side of a session: decodes what arrives, and tells when speech
 * starts and stops. When a client stops sending amid speech (some send no
 * silence), the wall clock ends it.
 */
export class CallerAudio {
  readonly #clock: Clock;
  readonly #onHearing: (event: HearingEvent) => void;
  readonly #decoder = new WireDecoder();
  readonly #input = new InputAudio();
  #settings: VadSettings | null = null;
  #lastArrivalMs = 0;
  #watch: Timer | undefined;
  receivedBytes = 0;

  constructor(clock: Clock, onHearing: (event: HearingEvent) => void) {
    this.#clock = clock;
    this.#onHearing = onHearing;
  }

  get bufferedMs(): number {
    return this.#input.bufferedMs;
  }

  get endMs(): number {
    return this.#input.endMs;
  }

  append(base64: string, format: AudioFormat, settings: VadSettings | null) {
    const wire = Buffer.from(base64, "base64");
    this.receivedBytes += wire.length;
    this.#settings = settings;
    this.#lastArrivalMs = this.#clock.monotonicMs();
    const mulaw = this.#decoder.decode(wire, format);
    for (const event of this.#input.append(mulaw, settings)) {
      this.#onHearing(event);
    }
    if (this.#input.speaking && !this.#watch) {
      this.#watchLine();
    }
  }

  take(): Utterance {
    this.#unwatch();
    return this.#input.take();
  }

  clear(): void {
    this.#unwatch();
    this.#input.clear();
  }

  /** Ends the watch over the line. */
  close(): void {
    this.#unwatch();
  }

  /** One timer, armed again for what is left, instead of one per frame. */
  #watchLine(): void {
    const patienceMs = (this.#settings?.silenceMs ?? 0) + GRACE_MS;
    const idleMs = this.#clock.monotonicMs() - this.#lastArrivalMs;
    this.#watch = this.#clock.setTimeout(() => {
      this.#watch = undefined;
      if (!this.#input.speaking) {
        return;
      }
      if (this.#clock.monotonicMs() - this.#lastArrivalMs < patienceMs) {
        this.#watchLine();
        return;
      }
      const event = this.#input.endSpeech();
      if (event) {
        this.#onHearing(event);
      }
    }, patienceMs - idleMs);
  }

  #unwatch(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
  }
}
