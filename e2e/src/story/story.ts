/** One thing that must hold, told in words. */
export type Step = (
  title: string,
  work: () => Promise<unknown>,
  options?: { timeoutMs?: number },
) => Promise<void>;

export interface StoryOptions {
  readonly print: (text: string) => void;
  readonly nowMs: () => number;
  /** Asked after a step has failed, once a chapter. */
  readonly diagnose: () => Promise<string>;
  /** Only these chapters; all unless told. */
  readonly only?: readonly string[] | undefined;
}

class ChapterEnded extends Error {}

const STEP_TIMEOUT_MS = 300_000;

/**
 * Runs what must hold in the order in which it is told, and keeps count. A step
 * that fails ends its chapter, for what comes after would stand on it; the next
 * chapter begins unless the one that failed is the ground of all.
 */
export class Story {
  readonly #options: StoryOptions;
  readonly #startedMs: number;
  #passed = 0;
  #failed = 0;
  #over = false;

  constructor(options: StoryOptions) {
    this.#options = options;
    this.#startedMs = options.nowMs();
  }

  get counts(): { readonly passed: number; readonly failed: number } {
    return { passed: this.#passed, failed: this.#failed };
  }

  /** Whether the chapter is to be told. */
  tells(name: string): boolean {
    const { only } = this.#options;
    return !this.#over && (only === undefined || only.includes(name));
  }

  async chapter(
    name: string,
    tell: (step: Step) => Promise<void>,
    options: { ground?: boolean } = {},
  ): Promise<void> {
    const { print, nowMs } = this.#options;
    if (this.#over || (options.ground !== true && !this.tells(name))) return;
    const seconds = Math.round((nowMs() - this.#startedMs) / 1_000);
    print(`\n== ${name} (${seconds} s)\n`);
    try {
      await tell((...step) => this.#step(...step));
    } catch (error) {
      if (!(error instanceof ChapterEnded)) {
        this.#failed += 1;
        print(`  ✗ ${name}\n${indented(String(error))}\n`);
      }
      print(`${indented(await this.#options.diagnose())}\n`);
      if (options.ground === true) this.#over = true;
    }
  }

  async #step(...[title, work, options]: Parameters<Step>): Promise<void> {
    const { print, nowMs } = this.#options;
    const startedMs = nowMs();
    const took = () => `${((nowMs() - startedMs) / 1_000).toFixed(1)} s`;
    try {
      await within(work, options?.timeoutMs ?? STEP_TIMEOUT_MS);
    } catch (error) {
      this.#failed += 1;
      print(`  ✗ ${title} (${took()})\n${indented(reasonOf(error))}\n`);
      throw new ChapterEnded();
    }
    this.#passed += 1;
    print(`  ✓ ${title} (${took()})\n`);
  }
}

function within(
  work: () => Promise<unknown>,
  timeoutMs: number,
): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done within ${timeoutMs / 1_000} s`));
    }, timeoutMs);
  });
  return Promise.race([work(), late]).finally(() => clearTimeout(timer));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\n${reasonOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
