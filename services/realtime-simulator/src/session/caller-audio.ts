import type { Clock, Timer } from "@easymo/service-kit";
import { WireDecoder } from "../hearing/audio-format.js";
import {
  type HearingEvent,
  InputAudio,
  type Utterance,
  type VadSettings,
} from "../hearing/input-audio.js";
import type { AudioFormat } from "../protocol/session-config.js";

/** Frames of a call come every 20 ms, or in a burst after their sender stood still; without any for this long beyond the silence, the line has gone quiet. */
const GRACE_MS = 1_000;
/** How often the line is looked at amid speech. */
const LOOK_MS = 50;

/**
 * The caller's side of a session: decodes what arrives, and tells when speech
 * starts and stops. When a client stops sending amid speech (some send no
 * silence), the wall clock ends it. Only time in which this process ran counts:
 * after it stood still, timers run before the sockets are read, and what was
 * sent meanwhile is there.
 */
export class CallerAudio {
  readonly #clock: Clock;
  readonly #onHearing: (event: HearingEvent) => void;
  readonly #decoder = new WireDecoder();
  readonly #input = new InputAudio();
  #settings: VadSettings | null = null;
  /** Looks at the line since audio last came. */
  #looks = 0;
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
    this.#looks = 0;
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

  #watchLine(): void {
    this.#watch = this.#clock.setTimeout(() => {
      this.#watch = undefined;
      if (!this.#input.speaking) {
        return;
      }
      this.#looks += 1;
      const patienceMs = (this.#settings?.silenceMs ?? 0) + GRACE_MS;
      if (this.#looks * LOOK_MS < patienceMs) {
        this.#watchLine();
        return;
      }
      const event = this.#input.endSpeech();
      if (event) {
        this.#onHearing(event);
      }
    }, LOOK_MS);
  }

  #unwatch(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
  }
}
