import { Player } from "./player.js";

const TELEPHONE_HZ = 8000;

/** The loudspeaker of the telephone: both sides of the call. */
export class Sound {
  readonly agent: Player;
  readonly caller: Player;
  readonly #context: AudioContext;
  readonly #volume: GainNode;

  constructor() {
    this.#context = new AudioContext({
      sampleRate: TELEPHONE_HZ,
      latencyHint: "interactive",
    });
    this.#volume = this.#context.createGain();
    this.#volume.connect(this.#context.destination);
    this.agent = new Player(this.#context, this.#volume);
    this.caller = new Player(this.#context, this.#volume);
  }

  /** Browsers let a page be heard only once somebody has used it. */
  wake(): void {
    if (this.#context.state === "suspended") void this.#context.resume();
  }

  mute(muted: boolean): void {
    this.#volume.gain.value = muted ? 0 : 1;
  }

  stop(): void {
    this.agent.stop();
    this.caller.stop();
  }
}
