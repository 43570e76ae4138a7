import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

const SAMPLING_INTERVAL_US = 500;

/** A CPU profile of this process, of the measured window alone. */
export class Profiler {
  readonly #session = new Session();

  async begin(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.setSamplingInterval", {
      interval: SAMPLING_INTERVAL_US,
    });
    await this.#session.post("Profiler.start");
  }

  /** Writes what `node --cpu-prof` would write; Chrome's developer tools open it. */
  async end(file: string): Promise<void> {
    const { profile } = await this.#session.post("Profiler.stop");
    this.#session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  }
}
