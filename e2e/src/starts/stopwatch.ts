import { z } from "zod";

/** One start of a service: from the start of its process to the first 200 of /readyz. */
const start = z.object({ readyMs: z.number(), cpuMs: z.number() });
const starts = z.array(start).min(1);

/** What the middle one of the starts needed. */
export interface StartTimes {
  readonly times: number;
  /** On the clock. */
  readonly readyMs: number;
  /** Of the processor, in user and kernel mode. */
  readonly cpuMs: number;
}

/**
 * Runs in a container of the service's own image, which has Node and nothing else: starts the service some times, one
 * after another, and prints how long each took to be ready. Its arguments: how many times, the port, and the command.
 */
export const STOPWATCH = `
const { spawn } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { get } = require("node:http");
const { setTimeout: wait } = require("node:timers/promises");
const MS_PER_TICK = 10;
const PATIENCE_MS = 60_000;
const [times, port, program, ...args] = process.argv.slice(1);

const isReady = () => new Promise((resolve) => {
  get({ host: "127.0.0.1", port, path: "/readyz", agent: false }, (answer) => {
    answer.resume();
    resolve(answer.statusCode === 200);
  }).once("error", () => resolve(false));
});

// utime and stime are the 14th and 15th field; the 2nd, in brackets, may have spaces in it (proc(5)).
const cpuMsOf = (pid) => {
  const fields = readFileSync("/proc/" + pid + "/stat", "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
};

async function once() {
  const startedMs = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  let ended = false;
  const exit = new Promise((resolve) => child.once("exit", (code, signal) => { ended = true; resolve(code ?? signal); }));
  while (!(await isReady())) {
    if (ended) throw new Error("ended with " + (await exit) + " before it was ready");
    if (performance.now() - startedMs > PATIENCE_MS) throw new Error("was not ready within a minute");
    await wait(10);
  }
  const measured = { readyMs: Math.round(performance.now() - startedMs), cpuMs: cpuMsOf(child.pid) };
  child.kill("SIGTERM");
  const code = await exit;
  if (code !== 0) throw new Error("ended with " + code + " when it was told to end");
  return measured;
}

(async () => {
  const all = [];
  for (let time = 0; time < Number(times); time += 1) all.push(await once());
  console.log(JSON.stringify(all));
})();
`;

/** What the stopwatch printed, as its middle. */
export function startTimesOf(printed: string): StartTimes {
  const all = starts.parse(JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
  return {
    times: all.length,
    readyMs: median(all.map(({ readyMs }) => readyMs)),
    cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
