import { spawn, type ChildProcess } from "node:child_process";
import { open } from "node:fs/promises";
import { run } from "./run.js";

/** A program that runs until it is stopped; its output is in a file. */
export interface RunningProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  isRunning(): boolean;
  /** SIGTERM; resolves when it has gone. */
  stop(): Promise<void>;
  /** SIGSTOP: it is there, and does nothing. */
  freeze(): void;
  /** SIGCONT: it goes on where it was. */
  thaw(): void;
  /** SIGKILL; resolves when it has gone. */
  kill(): Promise<void>;
}

let guarded: Promise<boolean> | undefined;

/** Whether setpriv can make a child end with its parent, however the parent ends. */
function canGuard(): Promise<boolean> {
  guarded ??= run("setpriv", ["--help"]).then(
    (help) => help.includes("--pdeathsig"),
    () => false,
  );
  return guarded;
}

/** Starts a program that ends with this process at the latest. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: { logFile: string; cwd?: string },
): Promise<RunningProcess> {
  const guard = (await canGuard())
    ? ["setpriv", "--pdeathsig", "KILL", program, ...args]
    : [program, ...args];
  const [command, ...rest] = guard;
  const log = await open(options.logFile, "a");
  const child = spawn(command ?? program, rest, {
    stdio: ["ignore", log.fd, log.fd],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  await spawned(child);
  await log.close();
  return running(child);
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

function running(child: ChildProcess): RunningProcess {
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  let ended = false;
  const exited = new Promise<void>((resolve) =>
    child.once("exit", () => {
      ended = true;
      process.off("exit", endWithUs);
      resolve();
    }),
  );
  const signal = async (name: "SIGTERM" | "SIGKILL"): Promise<void> => {
    if (!ended) child.kill(name);
    await exited;
  };
  return {
    pid: child.pid ?? -1,
    exited,
    isRunning: () => !ended,
    stop: () => signal("SIGTERM"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill: () => signal("SIGKILL"),
  };
}
