import { spawn, type ChildProcess } from "node:child_process";
import { until } from "@easymo/testbed";

/**
 * A way to a Service that takes no calls from outside: `kubectl port-forward`,
 * begun again when the pod that it led to has gone.
 */
export class PortForward {
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #port: number | undefined;

  constructor(
    program: string,
    namespace: string,
    service: string,
    port: number,
  ) {
    this.#program = program;
    this.#args = [
      "--namespace",
      namespace,
      "port-forward",
      `service/${service}`,
      `:${port}`,
    ];
  }

  /** The address on this machine, once something answers there. */
  async url(): Promise<string> {
    return until(() => this.#answering(), {
      what: this.#args.join(" "),
      timeoutMs: 60_000,
      everyMs: 200,
    });
  }

  close(): void {
    this.#child?.kill();
    this.#child = undefined;
    this.#port = undefined;
  }

  async #answering(): Promise<string> {
    if (this.#child?.exitCode !== null) await this.#begin();
    const url = `http://127.0.0.1:${this.#port}`;
    try {
      await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5_000) });
      return url;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #begin(): Promise<void> {
    const child = spawn(this.#program, [...this.#args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    return new Promise((resolve, reject) => {
      let said = "";
      const hear = (chunk: Buffer): void => {
        said += chunk.toString();
        const port = /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
        if (port === undefined) return;
        this.#port = Number(port);
        resolve();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("error", reject);
      child.once("exit", () => reject(new Error(said.trim())));
    });
  }
}
