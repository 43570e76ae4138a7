import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { freePorts } from "@easymo/testbed";
import { STOPWATCH, startTimesOf } from "./stopwatch.js";

const serverThat = (answers: string): string =>
  `let asked = 0; const server = require("node:http").createServer((_request, response) => { asked += 1; ${answers} response.end(); });
   server.listen(Number(process.argv[1])); process.on("SIGTERM", () => process.exit(0));`;

function stopwatch(times: number, port: number, code: string) {
  const service = [process.execPath, "--eval", code, String(port)];
  return spawnSync(
    process.execPath,
    ["--eval", STOPWATCH, "--", String(times), String(port), ...service],
    { encoding: "utf8" },
  );
}

describe("the stopwatch", () => {
  test("starts a service as often as it is told, and waits for its first 200", async () => {
    const [port = 0] = await freePorts(1);
    const { stdout, status } = stopwatch(
      3,
      port,
      serverThat("response.statusCode = asked < 5 ? 503 : 200;"),
    );
    expect(status).toBe(0);
    const times = startTimesOf(stdout);
    expect(times.times).toBe(3);
    // Four answers that were none, and ten milliseconds after each.
    expect(times.readyMs).toBeGreaterThanOrEqual(40);
    expect(times.cpuMs).toBeGreaterThan(0);
  });

  test("tells of a service that ends instead", async () => {
    const [port = 0] = await freePorts(1);
    const { stderr, status } = stopwatch(1, port, "process.exit(78)");
    expect(status).not.toBe(0);
    expect(stderr).toContain("ended with 78 before it was ready");
  });

  test("tells of one that does not end well", async () => {
    const [port = 0] = await freePorts(1);
    const { stderr, status } = stopwatch(
      1,
      port,
      `${serverThat("")} process.removeAllListeners("SIGTERM"); process.on("SIGTERM", () => process.exit(3));`,
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain("ended with 3 when it was told to end");
  });
});

test("the middle of the starts is told, each by itself", () => {
  const said = [
    { readyMs: 900, cpuMs: 500 },
    { readyMs: 700, cpuMs: 650 },
    { readyMs: 2_000, cpuMs: 600 },
  ];
  expect(startTimesOf(`${JSON.stringify(said)}\n`)).toEqual({
    times: 3,
    readyMs: 900,
    cpuMs: 600,
  });
  expect(() => startTimesOf("[]")).toThrow();
});
