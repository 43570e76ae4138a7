import { spawn } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePorts, until } from "@easymo/testbed";
import { expect, test } from "@jest/globals";
import { newWaId, postJson, textFrom, webhook } from "./testing/meta.js";
import { ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN } from "./testing/meta.js";
import { ROUTING, SECRET } from "./testing/running-bot.js";

const ROOT = join(import.meta.dirname, "../../..");

/** The bot in a process of its own, on embedded defaults. */
async function launch(changes: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "whatsapp-bot-"));
  const routing = join(folder, "routing.yaml");
  await writeFile(routing, ROUTING);
  const [port = 0] = await freePorts(1);
  const child = spawn(
    join(ROOT, "node_modules/node/bin/node"),
    [join(ROOT, "services/whatsapp-bot/dist/server.js")],
    {
      env: {
        PATH: process.env.PATH,
        HOST: "127.0.0.1",
        PORT: String(port),
        KAFKA_BROKERS: "memory:",
        REDIS_URL: "memory:",
        ROUTING_FILE: routing,
        AGENT_CORE_URL: "http://127.0.0.1:9",
        AGENT_CORE_JWT_SECRET: SECRET,
        META_APP_SECRET: APP_SECRET,
        META_VERIFY_TOKEN: VERIFY_TOKEN,
        META_ACCESS_TOKEN: ACCESS_TOKEN,
        GRAPH_API_URL: "http://127.0.0.1:9",
        ...changes,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const exited = new Promise<number | null>((resolve) =>
    child.once("close", resolve),
  );
  return { child, exited, output, url: `http://127.0.0.1:${port}` };
}

test("told to end, it exits with 0; nothing of people is in its log", async () => {
  const bot = await launch();
  await until(async () => (await fetch(`${bot.url}/healthz`)).ok, {
    timeoutMs: 25_000,
  });
  const waId = newWaId();
  const words = "I want a very particular thing";
  const sent = await postJson(
    bot.url,
    webhook(textFrom({ waId, name: "Aline Uwase" }, words)),
  );
  expect(sent.status).toBe(200);
  const ready = await fetch(`${bot.url}/readyz`);
  // agent-core is nowhere.
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    dependencies: {
      kafka: { status: "up" },
      redis: { status: "up" },
      "agent-core": { status: "down" },
    },
  });
  bot.child.kill("SIGTERM");
  expect(await bot.exited).toBe(0);
  const written = (await bot.output).join("");
  for (const secret of [waId, words, "Aline Uwase", APP_SECRET, ACCESS_TOKEN])
    expect(written).not.toContain(secret);
}, 60_000);

test("with a bad environment it ends with 78 and a line per variable, without secrets", async () => {
  const bot = await launch({
    META_APP_SECRET: "",
    META_VERIFY_TOKEN: "",
    GRAPH_API_URL: "graph",
    OPENAI_API_KEY: "sk-secret",
    KAFKA_BROKERS: "nowhere",
  });
  expect(await bot.exited).toBe(78);
  const [, stderr] = await bot.output;
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^KAFKA_BROKERS: /),
    expect.stringMatching(/^META_APP_SECRET: /),
    expect.stringMatching(/^META_VERIFY_TOKEN: /),
    expect.stringMatching(/^GRAPH_API_URL: .*graph/),
  ]);
  expect(stderr).not.toContain("sk-secret");
}, 60_000);
