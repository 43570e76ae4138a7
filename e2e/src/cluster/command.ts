import { spawn } from "node:child_process";

/** A program ended with something other than 0. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly stderr: string;

  constructor(command: string, code: number | null, stderr: string) {
    super(`${command} ended with ${code ?? "a signal"}:\n${tail(stderr)}`);
    this.stderr = stderr;
  }
}

export interface CommandOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** What a program wrote. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Rejects with what it said on standard error. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      timeout: options.timeoutMs ?? 300_000,
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve({ stdout, stderr });
      else {
        const line = [program, ...args].join(" ").slice(0, 300);
        reject(new CommandError(line, code, stderr || stdout));
      }
    });
    // Who does not read its input may be gone before it is written.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-25).join("\n");
}
