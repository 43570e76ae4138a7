import { encodeMulaw, levelOf } from "./mulaw.js";
import { Resampler } from "./resampler.js";

const TELEPHONE_HZ = 8000;
/** A telephone carries speech up to here; above half its rate sound would fold back. */
const BAND_HZ = 3400;
const FRAME_SAMPLES = 160;

/** A microphone that is on. */
export interface Microphone {
  /** How loud it is right now, from 0 to 1. */
  level(): number;
  stop(): void;
}

/**
 * Opens the microphone, as far as the person and the browser allow; each
 * `frame` is 20 ms of μ-law.
 */
export async function openMicrophone(
  frame: (mulaw: Uint8Array<ArrayBuffer>) => void,
): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 },
  });
  const context = new AudioContext();
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
  try {
    const worklet = new URL("./microphone-worklet.js", import.meta.url);
    await context.audioWorklet.addModule(worklet);
    const tap = new AudioWorkletNode(context, "microphone-tap");
    const framer = new Framer(context.sampleRate, frame);
    tap.port.addEventListener(
      "message",
      ({ data }: MessageEvent<Float32Array>) => framer.push(data),
    );
    tap.port.start();
    lowPass(context, context.createMediaStreamSource(stream)).connect(tap);
    return { stop, level: () => framer.level };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Two steep filters in a row take away what a telephone does not carry. */
function lowPass(context: AudioContext, source: AudioNode): AudioNode {
  return [0.54, 1.31].reduce<AudioNode>((node, q) => {
    const filter = new BiquadFilterNode(context, {
      type: "lowpass",
      frequency: BAND_HZ,
      Q: 20 * Math.log10(q),
    });
    return node.connect(filter);
  }, source);
}

/** Cuts sound of any rate into the telephone's frames. */
export class Framer {
  readonly #resampler: Resampler;
  readonly #frame: (mulaw: Uint8Array<ArrayBuffer>) => void;
  readonly #samples: number[] = [];
  /** How loud the last frame was. */
  level = 0;

  constructor(fromHz: number, frame: (mulaw: Uint8Array<ArrayBuffer>) => void) {
    this.#resampler = new Resampler(fromHz, TELEPHONE_HZ);
    this.#frame = frame;
  }

  push(samples: Float32Array): void {
    this.#samples.push(...this.#resampler.push(samples));
    while (this.#samples.length >= FRAME_SAMPLES) {
      const frame = Float32Array.from(this.#samples.splice(0, FRAME_SAMPLES));
      this.level = levelOf(frame);
      this.#frame(encodeMulaw(frame));
    }
  }
}
