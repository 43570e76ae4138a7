import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@easymo/testbed";
import { expect, test } from "@jest/globals";
import {
  ACCESS_TOKEN,
  APP_SECRET,
  newWaId,
  postJson,
  textFrom,
  webhook,
} from "./testing/meta.js";
import { ENV, ROUTING } from "./testing/running-bot.js";

/** The bot in a process of its own, on embedded defaults; agent-core is nowhere. */
async function envWith(
  changes: Record<string, string> = {},
): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "whatsapp-bot-"));
  const routing = join(folder, "routing.yaml");
  await writeFile(routing, ROUTING);
  return { ...ENV, ROUTING_FILE: routing, ...changes };
}

test("told to end, it exits with 0; nothing of people is in its log", async () => {
  const bot = await ServiceProcess.start(
    "whatsapp-bot",
    await envWith(),
    "/healthz",
  );
  const waId = newWaId();
  const words = "I want a very particular thing";
  const sent = await postJson(
    bot.url,
    webhook(textFrom({ waId, name: "Aline Uwase" }, words)),
  );
  expect(sent.status).toBe(200);
  const ready = await fetch(`${bot.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    dependencies: {
      kafka: { status: "up" },
      redis: { status: "up" },
      "agent-core": { status: "down" },
    },
  });
  bot.signal("SIGTERM");
  expect((await bot.exited).code).toBe(0);
  const written = bot.output;
  for (const secret of [waId, words, "Aline Uwase", APP_SECRET, ACCESS_TOKEN])
    expect(written).not.toContain(secret);
});

test("with a bad environment it ends with 78 and a line per variable, without secrets", async () => {
  const env = await envWith({
    META_APP_SECRET: "",
    META_VERIFY_TOKEN: "",
    GRAPH_API_URL: "graph",
    OPENAI_API_KEY: "sk-secret",
    KAFKA_BROKERS: "nowhere",
  });
  const bot = await ServiceProcess.launch("whatsapp-bot", env);
  expect((await bot.exited).code).toBe(78);
  const stderr = bot.output;
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^KAFKA_BROKERS: /),
    expect.stringMatching(/^META_APP_SECRET: /),
    expect.stringMatching(/^META_VERIFY_TOKEN: /),
    expect.stringMatching(/^GRAPH_API_URL: .*graph/),
  ]);
  expect(stderr).not.toContain("sk-secret");
});
