import { decodeMulaw, levelOf } from "./mulaw.js";

const TELEPHONE_HZ = 8000;
/** Frames come every 20 ms, give or take what a network and a busy page add. */
const LEAD_SECONDS = 0.08;
const METER_SAMPLES = 256;

/**
 * Plays what comes piece by piece without a seam: the whole context runs at
 * the telephone's own rate, and each piece begins where the last one ends.
 */
export class Player {
  readonly #context: AudioContext;
  readonly #meter: AnalyserNode;
  readonly #window: Float32Array<ArrayBuffer>;
  readonly #playing = new Set<AudioBufferSourceNode>();
  #endsAt = 0;

  constructor(context: AudioContext, output: AudioNode) {
    this.#context = context;
    this.#meter = new AnalyserNode(context, { fftSize: METER_SAMPLES });
    this.#window = new Float32Array(METER_SAMPLES);
    this.#meter.connect(output);
  }

  /** Plays this after what plays. */
  play(mulaw: Uint8Array): void {
    const samples = decodeMulaw(mulaw);
    if (samples.length === 0) return;
    const buffer = this.#context.createBuffer(1, samples.length, TELEPHONE_HZ);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#meter);
    const now = this.#context.currentTime;
    const startsAt = this.#endsAt > now ? this.#endsAt : now + LEAD_SECONDS;
    this.#endsAt = startsAt + buffer.duration;
    this.#playing.add(source);
    source.addEventListener("ended", () => this.#playing.delete(source));
    source.start(startsAt);
  }

  /** How loud it is right now, from 0 to 1, roughly as it is felt. */
  level(): number {
    this.#meter.getFloatTimeDomainData(this.#window);
    return levelOf(this.#window);
  }

  /** Falls silent at once. */
  stop(): void {
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
    this.#endsAt = 0;
  }
}
