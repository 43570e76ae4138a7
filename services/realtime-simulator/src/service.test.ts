import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, test } from "@jest/globals";
import { readSimulatorConfig } from "./config.js";
import { RealtimeClient } from "./testing/realtime-client.js";

describe("the service", () => {
  test("has the defaults of the contract, and refuses what makes no sense", () => {
    expect(readSimulatorConfig({})).toMatchObject({
      PORT: 4900,
      SIMULATOR_THINK_MS: 150,
      SIMULATOR_SPEED: 5,
      SIMULATOR_SESSION_SECONDS: 3600,
    });
    expect(() => readSimulatorConfig({ SIMULATOR_SPEED: "fast" })).toThrow(
      "SIMULATOR_SPEED",
    );
  });

  test("runs as a process, speaks, and ends in order", async () => {
    const server = new URL("../dist/server.js", import.meta.url).pathname;
    const child = spawn(process.execPath, [server], {
      env: { PATH: process.env.PATH, PORT: "0", HOST: "127.0.0.1" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const port = await new Promise<number>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        const entry: unknown = JSON.parse(line);
        if (
          typeof entry === "object" &&
          entry !== null &&
          "port" in entry &&
          typeof entry.port === "number"
        ) {
          resolve(entry.port);
        }
      });
    });
    const client = await RealtimeClient.open(
      `ws://127.0.0.1:${port}/v1/realtime?model=gpt-realtime`,
      { authorization: "Bearer key" },
    );
    client.send({ type: "response.create" });
    await client.next("response.output_audio.delta");
    child.kill("SIGTERM");
    expect((await client.closed).code).toBe(1001);
    expect(await exited).toEqual([0, null]);
  });
});
