import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

const MAX_OUTPUT_BYTES = 16 * 1_024 * 1_024;

/** Runs a program and gives its trimmed standard output; rejects with what it said on standard error. */
export async function run(
  program: string,
  args: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<string> {
  const { stdout } = await execute(program, [...args], {
    timeout: options.timeoutMs ?? 600_000,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout.trim();
}

/** Likewise, with something on its standard input and an environment of its own beside PATH. */
export async function runWithInput(
  program: string,
  args: readonly string[],
  options: { input: string; env: Readonly<Record<string, string>> },
): Promise<string> {
  const running = execute(program, [...args], {
    timeout: 600_000,
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: process.env.PATH, ...options.env },
  });
  // One that ends without reading its input is not at fault.
  running.child.stdin?.on("error", () => undefined);
  running.child.stdin?.end(options.input);
  const { stdout } = await running;
  return stdout.trim();
}
