/** The parts of the synthesizer that are used here; the package brings no types. */
declare module "@echogarden/espeak-ng-emscripten" {
  interface SynthesizerWorker {
    /** 0 when there is a voice of that name. */
    set_voice(name: string): number;
    /** Hands over 16-bit mono samples at 22,050 Hz, piece by piece, before it returns. */
    synthesize(
      text: string,
      onChunk: (samples: Int16Array | null) => void,
    ): void;
  }
  export default function initialize(): Promise<{
    eSpeakNGWorker: new () => SynthesizerWorker;
  }>;
}
