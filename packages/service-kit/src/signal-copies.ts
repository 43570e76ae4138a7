import { dirname, relative } from "node:path";
import { processEnvironment, type Environment } from "./config.js";

/** Whoever presses twice means it after that. */
const SAME_KEYSTROKE_MS = 500;

/**
 * Tells a second signal, which somebody means, from a copy of the first.
 *
 * Ctrl-C, and a signal to the whole group of processes that `pnpm start` makes,
 * reach the service itself and also pnpm, which passes on what it gets
 * (`lifecycle` of @pnpm/npm-lifecycle). That may take pnpm long on a busy
 * machine, so the first repeat of the first signal is the copy whenever it
 * comes. A second Ctrl-C is still a second signal: pnpm then sends SIGTERM.
 *
 * Whatever else may stand above a service and pass on interrupts does so at once.
 */
export class SignalCopies {
  readonly #expected: boolean;
  #first: { signal: NodeJS.Signals; atMs: number } | undefined;
  #copied = false;

  constructor(
    env: Environment = processEnvironment(),
    program: string | undefined = process.argv[1],
  ) {
    this.#expected = program !== undefined && isRunAsScript(env, program);
  }

  isCopy(signal: NodeJS.Signals, nowMs: number): boolean {
    const first = this.#first;
    if (first === undefined) {
      this.#first = { signal, atMs: nowMs };
      return false;
    }
    if (signal !== first.signal) return false;
    const sameKeystroke =
      signal === "SIGINT" && nowMs - first.atMs < SAME_KEYSTROKE_MS;
    if (!sameKeystroke && (!this.#expected || this.#copied)) return false;
    this.#copied = true;
    return true;
  }
}

/**
 * Whether a package's script is this very program. What pnpm, npm and yarn tell what they run is also told to whatever that
 * runs in its turn, such as a service that a test starts.
 */
function isRunAsScript(env: Environment, program: string): boolean {
  const { npm_lifecycle_script: script, npm_package_json: manifest } = env;
  if (script === undefined || manifest === undefined) return false;
  return (
    script.includes(relative(dirname(manifest), program)) ||
    script.includes(program)
  );
}
