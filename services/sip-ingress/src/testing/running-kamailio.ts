import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "@easymo/testbed";

const RUN = join(
  import.meta.dirname,
  "../../../../infrastructure/kamailio/run.sh",
);

/** The proxy of infrastructure/kamailio as a process of its own, with an outbox of its own. */
export class RunningKamailio {
  readonly port: number;
  readonly #env: Record<string, string>;
  readonly #folder: string;
  #child: ChildProcess;
  #output = "";

  private constructor(
    port: number,
    env: Record<string, string>,
    folder: string,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#env = env;
    this.#child = this.#spawn();
  }

  /** Starts it, and waits until it answers. */
  static async start(
    env: Record<string, string>,
    alsoListen = "",
  ): Promise<RunningKamailio> {
    const [port = 0] = await freeUdpPorts(1);
    const folder = await mkdtemp(join(tmpdir(), "easymo-kamailio-"));
    const proxy = new RunningKamailio(
      port,
      {
        SIP_LISTEN: `udp:127.0.0.1:${port} ${alsoListen}`,
        OUTBOX_FILE: join(folder, "outbox.sqlite"),
        RUN_DIR: folder,
        PIKE: "off",
        ...env,
      },
      folder,
    );
    await proxy.#answers();
    return proxy;
  }

  get outboxFile(): string {
    return join(this.#folder, "outbox.sqlite");
  }

  get output(): string {
    return this.#output;
  }

  /** SIGKILL for each of its processes, and another start on the same outbox. */
  async killAndRestart(changes: Record<string, string> = {}): Promise<void> {
    await this.#end("SIGKILL");
    this.#child = this.#spawn(changes);
    await this.#answers();
  }

  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A group of its own; ends with this process however that ends. */
  #spawn(changes: Record<string, string> = {}): ChildProcess {
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "bash", RUN], {
      env: { PATH: process.env.PATH, ...this.#env, ...changes },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    return child;
  }

  async #answers(): Promise<void> {
    const hasEnded = (): boolean =>
      this.#child.exitCode !== null || this.#child.signalCode !== null;
    const answers = async (): Promise<boolean> =>
      hasEnded() ||
      (await ask(this.port, "OPTIONS"))?.startsWith("SIP/2.0 200") === true;
    try {
      await until(answers, { what: "An answer", timeoutMs: 120_000 });
      if (hasEnded()) throw new Error("Kamailio has ended");
    } catch (cause) {
      throw new Error(this.#output.slice(-4_000), { cause });
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("close", resolve));
    process.kill(-pid, signal);
    await gone;
  }
}

/** What a start with these variables comes to. */
export function refusal(
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", [RUN, "-c"], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/**
 * Sends a request as a stranger would, and resolves with the first answer that is no 100, or undefined when none came in
 * `patienceMs`.
 */
export async function ask(
  port: number,
  method: string,
  more: {
    uri?: string;
    toTag?: string;
    headers?: readonly string[];
    patienceMs?: number;
  } = {},
): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const own = `127.0.0.1:${socket.address().port}`;
    const unique = Math.random().toString(36).slice(2);
    const tag = more.toTag === undefined ? "" : `;tag=${more.toTag}`;
    const text = [
      `${method} ${more.uri ?? `sip:127.0.0.1:${port}`} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${unique}`,
      `From: <sip:stranger@${own}>;tag=${unique}`,
      `To: <sip:somebody@127.0.0.1>${tag}`,
      `Call-ID: ${unique}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:stranger@${own}>`,
      "Max-Forwards: 70",
      ...(more.headers ?? []),
      ...["Content-Length: 0", "", ""],
    ].join("\r\n");
    const answered = new Promise<string>((resolve) =>
      socket.on("message", (answer) => {
        const words = answer.toString();
        if (!words.startsWith("SIP/2.0 100")) resolve(words);
      }),
    );
    socket.send(text, port, "127.0.0.1");
    return await Promise.race([
      answered,
      pause(more.patienceMs ?? 500, undefined, { ref: false }),
    ]);
  } finally {
    socket.close();
  }
}

/** UDP ports of this machine that nothing listens on. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = createSocket("udp4");
      await new Promise<void>((resolve) =>
        socket.bind(0, "127.0.0.1", resolve),
      );
      return socket;
    }),
  );
  const ports = sockets.map((socket) => socket.address().port);
  for (const socket of sockets) socket.close();
  return ports;
}
