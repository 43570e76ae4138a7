import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { answer } from "./protocol.js";

export interface ChildOptions {
  readonly entry:
    | "subject-process.js"
    | "load-process.js"
    | "../ingest/subject-process.js"
    | "../ingest/load-process.js"
    | "../orchestrator/subject-process.js"
    | "../orchestrator/services-process.js";
  /** The one CPU that it may use, where the platform has `taskset`. */
  readonly cpu: number;
  readonly nodeFlags?: readonly string[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of the bench, on a CPU of its own, asked over Node's IPC channel. */
export class Child<C extends object> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<unknown>;
  #questions = 0;

  constructor({ entry, cpu, nodeFlags = [] }: ChildOptions) {
    const script = fileURLToPath(new URL(entry, import.meta.url));
    const command = [process.execPath, ...nodeFlags, script];
    const [program = "", ...parameters] = canPin()
      ? ["taskset", "-c", String(cpu), ...command]
      : command;
    this.#process = spawn(program, parameters, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#gone = once(this.#process, "exit");
    this.#process.on("message", (message) => this.#answered(message));
    this.#process.on("error", (error) => this.#failAll(error));
    this.#process.on("exit", (code, signal) =>
      this.#failAll(new Error(`${entry} ended: ${signal ?? code ?? "?"}`)),
    );
  }

  async ask<T>(command: C, schema: z.ZodType<T>): Promise<T> {
    const id = ++this.#questions;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#process.send({ id, command });
    return schema.parse(await promise);
  }

  /** Resolves when the process is gone; it is killed when it does not go by itself. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null)
      return;
    const killer = setTimeout(
      () => this.#process.kill("SIGKILL"),
      EXIT_TIMEOUT_MS,
    );
    if (this.#process.connected) this.#process.disconnect();
    await this.#gone;
    clearTimeout(killer);
  }

  #answered(message: unknown): void {
    const said = answer.parse(message);
    const waiting = this.#waiting.get(said.id);
    this.#waiting.delete(said.id);
    if ("error" in said) waiting?.reject(new Error(said.error));
    else waiting?.resolve(said.result);
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

const EXIT_TIMEOUT_MS = 5_000;

// As this process began: once it has left a core to what is measured (`leaveFirstCore`), it counts one less.
const cores = availableParallelism();

/** One core each needs two, and Linux. */
export function canPin(): boolean {
  return process.platform === "linux" && cores >= 2;
}
