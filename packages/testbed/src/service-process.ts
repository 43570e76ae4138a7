import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { freePorts, until } from "./wait.js";

const ROOT = join(import.meta.dirname, "../../..");

/** A service in a process of its own, as it runs in production. */
export class ServiceProcess {
  readonly port: number;
  readonly url: string;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(
    service: string,
    port: number,
    env: Record<string, string>,
  ) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = spawn(
      join(ROOT, "node_modules/node/bin/node"),
      [join(ROOT, "services", service, "dist/server.js")],
      {
        env: {
          PATH: process.env.PATH,
          HOST: "127.0.0.1",
          PORT: String(port),
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    this.exited = new Promise((resolve) =>
      this.#child.once("close", (code, signal) => resolve({ code, signal })),
    );
  }

  /** Starts it and waits until it is ready. */
  static async start(
    service: string,
    env: Record<string, string>,
    path = "/readyz",
  ): Promise<ServiceProcess> {
    const service_ = await ServiceProcess.launch(service, env);
    await until(() => service_.answers(path), {
      what: `${service}: ${service_.output}`,
      timeoutMs: 120_000,
    });
    return service_;
  }

  /** Starts it, on the environment's PORT or else on a free one, and waits for nothing. */
  static async launch(
    service: string,
    env: Record<string, string>,
  ): Promise<ServiceProcess> {
    const [free = 0] = env.PORT === undefined ? await freePorts(1) : [];
    const port = env.PORT === undefined ? free : Number(env.PORT);
    return new ServiceProcess(service, port, env);
  }

  /** Everything that it wrote so far. */
  get output(): string {
    return this.#output;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    await this.exited;
  }

  async answers(path: string): Promise<boolean> {
    return fetch(`${this.url}${path}`).then(
      (response) => response.ok,
      () => false,
    );
  }
}
