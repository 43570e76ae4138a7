import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs a program and gives its trimmed standard output; rejects with what it said on standard error. */
export async function run(
  program: string,
  args: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<string> {
  const { stdout } = await execute(program, [...args], {
    timeout: options.timeoutMs ?? 600_000,
    maxBuffer: 16 * 1_024 * 1_024,
  });
  return stdout.trim();
}
