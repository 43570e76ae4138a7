import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { processEnvironment } from "./config.js";
import type { LogLine } from "./fixtures/test-service.js";
import { CapturedLog } from "./fixtures/test-service.js";

const TINY_SERVICE = fileURLToPath(
  new URL("../dist/fixtures/tiny-service.js", import.meta.url),
);

/** What a package runner tells a program that is its script. */
const AS_SCRIPT = {
  npm_lifecycle_event: "start",
  npm_lifecycle_script: `node ${TINY_SERVICE}`,
  npm_package_json: "/bridges/package.json",
};
const GOOD = { API_TOKEN: "correct horse", PORT: "0", HOST: "127.0.0.1" };

/** The tiny service in a process of its own, or in a group of processes with the pnpm that runs it. */
class TinyProcess {
  readonly log = new CapturedLog();
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #isGroup: boolean;
  stderr = "";

  constructor(env: Record<string, string>, packageDirectory?: string) {
    const [program, ...parameters] =
      packageDirectory === undefined
        ? [process.execPath, TINY_SERVICE]
        : ["pnpm", "--silent", "--dir", packageDirectory, "start"];
    this.#isGroup = packageDirectory !== undefined;
    this.#child = spawn(program, parameters, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: this.#isGroup,
    });
    let rest = "";
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.log.write(line);
      }
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code) => resolve(code));
    });
  }

  said(msg: string): Promise<LogLine> {
    return this.log.waitFor((line) => line.msg === msg);
  }

  async url(): Promise<string> {
    const { port } = await this.said("listening");
    await this.said("started");
    return `http://127.0.0.1:${String(port)}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** To all of its processes, as a terminal does it, or whoever ends what he started. */
  signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error("it has no process");
    process.kill(-pid, signal);
  }

  kill(): void {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    if (this.#isGroup) this.signalGroup("SIGKILL");
    else this.signal("SIGKILL");
  }

  messages(): unknown[] {
    return this.log.lines.map(({ msg }) => msg);
  }
}

const processes: TinyProcess[] = [];

function run(
  env: Record<string, string> = GOOD,
  packageDirectory?: string,
): TinyProcess {
  const tiny = new TinyProcess(env, packageDirectory);
  processes.push(tiny);
  return tiny;
}

const directories: string[] = [];

/** In a package of its own, whose start script is like that of our services. */
async function runByPnpm(): Promise<{ tiny: TinyProcess; url: string }> {
  const directory = mkdtempSync(join(tmpdir(), "easymo-tiny-"));
  directories.push(directory);
  const start = `exec "${process.execPath}" "${TINY_SERVICE}"`;
  writeFileSync(
    join(directory, "package.json"),
    JSON.stringify({ name: "tiny", private: true, scripts: { start } }),
  );
  const { PATH } = processEnvironment();
  const tiny = run(
    { ...GOOD, HANG_ON_DRAIN: "yes", HOME: directory, PATH: PATH ?? "" },
    directory,
  );
  return { tiny, url: await tiny.url() };
}

afterEach(async () => {
  for (const tiny of processes.splice(0)) {
    tiny.kill();
    await tiny.exited;
  }
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

describe("a process that is badly configured", () => {
  test("exits with 78 and says what is wrong, one line per variable, no secret among it", async () => {
    const tiny = run({ PORT: "abc", LOG_LEVEL: "loud", API_TOKEN: "hunter2" });
    expect(await tiny.exited).toBe(78);
    expect(tiny.stderr.split("\n")).toEqual([
      'PORT: expected an integer from 0 to 65535, got "abc"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
      expect.stringMatching(/^API_TOKEN: (?!.*hunter2)/),
      "",
    ]);
    expect(tiny.log.lines).toEqual([]);
  });

  test("exits with 78 as well when composing finds it out", async () => {
    const tiny = run({ ...GOOD, REFUSED_BY_COMPOSE: "yes" });
    expect(await tiny.exited).toBe(78);
    expect(tiny.stderr).toBe("REFUSED_BY_COMPOSE: may not be set\n");
  });
});

describe("a process that runs", () => {
  test("serves, with the metrics of the process, and logs no secret", async () => {
    const tiny = run({ ...GOOD, LOG_LEVEL: "trace" });
    const url = await tiny.url();
    expect(await (await fetch(`${url}/hello`)).json()).toEqual({
      hello: "world",
    });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain("process_cpu_seconds_total");
    expect(JSON.stringify(tiny.log.lines)).not.toContain(GOOD.API_TOKEN);
    expect(tiny.stderr).toBe("");
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "ends in phases with 0 on %s",
    async (signal) => {
      const tiny = run();
      await tiny.url();
      tiny.signal(signal);
      expect(await tiny.exited).toBe(0);
      expect(tiny.messages()).toEqual([
        "listening",
        "started",
        "shutting down",
        "stop taking",
        "draining",
        "closing",
        "stopped",
      ]);
    },
  );

  test("is alive but not ready while it finishes what was taken", async () => {
    const tiny = run({ ...GOOD, HANG_ON_DRAIN: "yes" });
    const url = await tiny.url();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    tiny.signal("SIGTERM");
    await tiny.said("draining");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/finish`)).status).toBe(200);
    expect(await tiny.exited).toBe(0);
  });

  test("exits with 1 at once on a second signal", async () => {
    const tiny = run({ ...GOOD, HANG_ON_DRAIN: "yes" });
    await tiny.url();
    tiny.signal("SIGTERM");
    await tiny.said("draining");
    tiny.signal("SIGTERM");
    expect(await tiny.exited).toBe(1);
    expect(tiny.messages().at(-1)).toBe("second signal: exiting at once");
  });

  test("takes the interrupt of a terminal, which a process above passes on, for one", async () => {
    const tiny = run({ ...GOOD, HANG_ON_DRAIN: "yes" });
    const url = await tiny.url();
    tiny.signal("SIGINT");
    tiny.signal("SIGINT");
    await tiny.said("draining");
    expect((await fetch(`${url}/finish`)).status).toBe(200);
    expect(await tiny.exited).toBe(0);
  });

  test("takes for one what pnpm passes on of the first signal", async () => {
    const env = { ...GOOD, HANG_ON_DRAIN: "yes", ...AS_SCRIPT };
    const tiny = run(env);
    const url = await tiny.url();
    tiny.signal("SIGTERM");
    await tiny.said("draining");
    tiny.signal("SIGTERM");
    await tiny.said("passed on by a process above: already shutting down");
    expect((await fetch(`${url}/finish`)).status).toBe(200);
    expect(await tiny.exited).toBe(0);
  });

  test("exits with 1 at once on a second Ctrl-C: what pnpm then sends", async () => {
    const env = { ...GOOD, HANG_ON_DRAIN: "yes", ...AS_SCRIPT };
    const tiny = run(env);
    await tiny.url();
    tiny.signal("SIGINT");
    await tiny.said("draining");
    tiny.signal("SIGINT");
    await tiny.said("passed on by a process above: already shutting down");
    tiny.signal("SIGTERM");
    expect(await tiny.exited).toBe(1);
  });

  test("exits with 1 when the grace time is over", async () => {
    const tiny = run({
      ...GOOD,
      HANG_ON_DRAIN: "yes",
      SHUTDOWN_GRACE_SECONDS: "1",
    });
    await tiny.url();
    tiny.signal("SIGTERM");
    expect(await tiny.exited).toBe(1);
    expect(tiny.log.lines.at(-1)).toMatchObject({
      level: "error",
      graceMs: 1_000,
      msg: "not finished within the grace time: exiting",
    });
  });

  test("exits with 1 when the shutdown fails", async () => {
    const tiny = run({ ...GOOD, FAIL_TO_CLOSE: "yes" });
    await tiny.url();
    tiny.signal("SIGTERM");
    expect(await tiny.exited).toBe(1);
    expect(tiny.log.lines.at(-1)).toMatchObject({ msg: "shutdown failed" });
    expect(JSON.stringify(tiny.log.lines.at(-1))).toContain("cannot close");
  });

  test("ends with 0 when it is told to before it has started", async () => {
    const tiny = run({ ...GOOD, START: "hangs" });
    await tiny.said("listening");
    tiny.signal("SIGTERM");
    expect(await tiny.exited).toBe(0);
    expect(tiny.messages()).not.toContain("started");
  });
});

describe("a process that pnpm runs", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "finishes what was taken when its whole group gets %s",
    async (signal) => {
      const { tiny, url } = await runByPnpm();
      tiny.signalGroup(signal);
      await tiny.said("draining");
      expect((await fetch(`${url}/readyz`)).status).toBe(503);
      expect((await fetch(`${url}/finish`)).status).toBe(200);
      await tiny.said("stopped");
      expect(tiny.messages()).not.toContain("second signal: exiting at once");
    },
  );
});

describe("a process that fails", () => {
  test.each([
    ["/crash", "thrown where nobody catches, +2507*****01"],
    ["/reject", "rejected where nobody looks"],
  ])(
    "by what nobody caught (%s) logs it as fatal and exits with 1",
    async (path, message) => {
      const tiny = run();
      const url = await tiny.url();
      fetch(url + path).catch(() => undefined);
      expect(await tiny.exited).toBe(1);
      expect(tiny.log.lines.at(-1)).toMatchObject({
        level: "fatal",
        requestId: expect.any(String),
        err: { message },
      });
    },
  );

  test("to start logs why and exits with 1", async () => {
    const tiny = run({ ...GOOD, START: "fails" });
    expect(await tiny.exited).toBe(1);
    expect(tiny.log.lines.at(-1)).toMatchObject({
      level: "fatal",
      msg: "the service did not start",
      err: { message: "cannot start" },
    });
  });

  test("to get its port logs it and exits with 1", async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => {
      holder.listen(0, "127.0.0.1", resolve);
    });
    const address = holder.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const tiny = run({ ...GOOD, PORT: String(port) });
    expect(await tiny.exited).toBe(1);
    expect(tiny.log.lines.at(-1)).toMatchObject({
      level: "fatal",
      err: { code: "EADDRINUSE" },
    });
    await new Promise((resolve) => holder.close(resolve));
  });
});
