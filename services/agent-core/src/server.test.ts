import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  afterEach,
  beforeEach,
  describe,
  expect,
  jest,
  test,
} from "@jest/globals";
import { mintTenantToken } from "@easymo/agent-core-client";
import { freePorts, until } from "@easymo/testbed";
import { fillFolder } from "./testing/databases.js";

const server = fileURLToPath(new URL("../dist/server.js", import.meta.url));
const jwtSecret = "a secret that only this test knows";

// A process makes, or recovers, a whole Postgres: seconds, and many more on a busy machine.
jest.setTimeout(300_000);
const startTimeoutMs = 150_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-core-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** The service as a process of its own, in a folder of its own. */
async function started(env: Record<string, string> = {}) {
  const [port = 0] = await freePorts(1);
  const child = spawn(process.execPath, [server], {
    cwd: folder,
    env: {
      PORT: String(port),
      HOST: "127.0.0.1",
      AGENT_CORE_JWT_SECRET: jwtSecret,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const exitCode = once(child, "exit").then(([code]): unknown => code);
  return {
    url,
    output: () => output,
    ready: () =>
      until(async () => (await fetch(`${url}/readyz`)).status === 200, {
        what: "readiness",
        timeoutMs: startTimeoutMs,
      }),
    exitCode,
    end: (signal: NodeJS.Signals): Promise<unknown> => {
      child.kill(signal);
      return exitCode;
    },
  };
}

async function post(url: string, path: string, body: object, key = "k") {
  const token = await mintTenantToken(jwtSecret, "t");
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
  });
  return {
    replayed: response.headers.get("idempotency-replayed"),
    body: await response.json(),
  };
}

describe("the process", () => {
  test("needs no more than a secret, keeps its data between runs, and ends with 0", async () => {
    const first = await started();
    await first.ready();
    const payment = {
      region: "rw",
      amount: 5_000,
      currency: "RWF",
      merchant: "123456",
    };
    const made = await post(first.url, "/tools/collect-payment", payment);
    await post(first.url, "/tools/log-lead", {
      phone: "0788123456",
      name: "Aline",
    });
    expect(await first.end("SIGTERM")).toBe(0);

    const second = await started();
    await second.ready();
    expect(await post(second.url, "/tools/collect-payment", payment)).toEqual({
      replayed: "true",
      body: made.body,
    });
    expect(
      await post(second.url, "/tools/fetch-lead", { phone: "+250788123456" }),
    ).toMatchObject({ body: { lead: { name: "Aline" } } });
    expect(await second.end("SIGTERM")).toBe(0);
    for (const output of [first.output(), second.output()]) {
      expect(output).not.toContain("788123456");
      expect(output).not.toContain("Aline");
      expect(output).not.toContain(jwtSecret);
    }
  });

  test("loses nothing that it confirmed when it is killed, and starts again", async () => {
    await fillFolder(join(folder, "data"));
    const first = await started();
    await first.ready();
    for (const userId of ["a", "b", "c"])
      await post(first.url, "/tools/log-lead", { userId }, userId);
    await first.end("SIGKILL");
    const second = await started();
    await second.ready();
    for (const userId of ["a", "b", "c"])
      expect(
        await post(second.url, "/tools/fetch-lead", { userId }),
      ).toMatchObject({ body: { lead: { userId } } });
    expect(await second.end("SIGTERM")).toBe(0);
  });

  test("leaves a folder alone that another process works in", async () => {
    await fillFolder(join(folder, "data"));
    const first = await started();
    await first.ready();
    const second = await started();
    expect(await second.exitCode).toBe(1);
    expect(second.output()).toContain("in use by process");
    expect(
      await post(first.url, "/tools/fetch-lead", { userId: "u" }),
    ).toMatchObject({ body: { lead: null } });
    expect(await first.end("SIGTERM")).toBe(0);
  });

  test("ends with 0 too when its database has not come yet", async () => {
    const process = await started({
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    });
    await until(() =>
      process.output().includes("the database does not answer"),
    );
    const probe = await fetch(`${process.url}/readyz`);
    expect(probe.status).toBe(503);
    expect(await probe.json()).toMatchObject({
      dependencies: { database: { status: "down" } },
    });
    expect((await fetch(`${process.url}/healthz`)).status).toBe(200);
    expect(await process.end("SIGTERM")).toBe(0);
  });

  test("ends with 78 and a line for each variable that is wrong", async () => {
    const outcome = await new Promise<{ code: unknown; stderr: string }>(
      (resolve) => {
        execFile(
          process.execPath,
          [server],
          {
            cwd: folder,
            env: {
              PORT: "http",
              DATABASE_URL: "mysql://root:hunter2@h/d",
              MOMO_MERCHANTS: "a=1;b=2",
              TRANSFER_QUEUES: "sales",
              PAYMENT_LINK_BASE_URL: "pay.example",
            },
          },
          (error, _stdout, stderr) => resolve({ code: error?.code, stderr }),
        );
      },
    );
    expect(outcome.code).toBe(78);
    const lines = outcome.stderr.trim().split("\n");
    expect(lines.map((line) => line.split(":", 1)[0]).sort()).toEqual([
      "AGENT_CORE_JWT_SECRET",
      "DATABASE_URL",
      "MOMO_MERCHANTS",
      "PAYMENT_LINK_BASE_URL",
      "PORT",
      "TRANSFER_QUEUES",
    ]);
    expect(outcome.stderr).not.toContain("hunter2");
  });
});
