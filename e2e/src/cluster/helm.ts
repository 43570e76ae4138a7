import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "./command.js";

/** Values of a chart, as they would stand in a file. */
export type Values = Readonly<Record<string, unknown>>;

/** Helm, in one namespace. */
export class Helm {
  readonly #program: string;
  readonly #namespace: string;

  constructor(program: string, namespace: string) {
    this.#program = program;
    this.#namespace = namespace;
  }

  get program(): string {
    return this.#program;
  }

  async version(): Promise<string> {
    return (await command(this.#program, ["version", "--short"])).stdout.trim();
  }

  /** `helm install … --wait`; with what it printed. */
  install(
    release: string,
    chart: string,
    values: readonly Values[],
    args: readonly string[] = [],
  ): Promise<string> {
    return this.#withValues(["install", release, chart, ...args], values);
  }

  upgrade(
    release: string,
    chart: string,
    values: readonly Values[],
    args: readonly string[] = [],
  ): Promise<string> {
    return this.#withValues(["upgrade", release, chart, ...args], values);
  }

  template(
    release: string,
    chart: string,
    values: readonly Values[],
    args: readonly string[] = [],
  ): Promise<string> {
    return this.#withValues(["template", release, chart, ...args], values);
  }

  run(args: readonly string[], timeoutMs = 600_000): Promise<string> {
    return this.#run(args, timeoutMs);
  }

  async #withValues(
    args: readonly string[],
    values: readonly Values[],
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "easymo-e2e-values-"));
    const files = await Promise.all(
      values.map(async (value, at) => {
        const file = join(folder, `${at}.json`);
        await writeFile(file, JSON.stringify(value));
        return file;
      }),
    );
    return this.#run(
      [...args, ...files.flatMap((file) => ["--values", file])],
      600_000,
    );
  }

  async #run(args: readonly string[], timeoutMs: number): Promise<string> {
    const all = ["--namespace", this.#namespace, ...args];
    return (await command(this.#program, all, { timeoutMs })).stdout;
  }
}
