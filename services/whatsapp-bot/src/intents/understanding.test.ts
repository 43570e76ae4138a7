import { createServer, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import type { RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "../testing/graph-api.js";
import {
  messageFrom,
  messageId,
  newWaId,
  postJson,
  textFrom,
  webhook,
  type Json,
} from "../testing/meta.js";
import {
  agentCoreOf,
  EventLog,
  startAgentCore,
  startBot,
  TENANT,
  type RunningBot,
} from "../testing/running-bot.js";

/** A stand-in of OpenAI's API. */
class ModelApi {
  readonly requests: { path: string; body: string }[] = [];
  answer: { status: number; json: Json } = { status: 500, json: {} };
  transcript = "";
  readonly #server: Server;
  url = "";

  constructor() {
    this.#server = createServer((req, res) => {
      void buffer(req).then((body) => {
        const path = req.url ?? "";
        this.requests.push({ path, body: body.toString("latin1") });
        const { status, json } = path.endsWith("/transcriptions")
          ? { status: 200, json: { text: this.transcript } }
          : this.answer;
        res.writeHead(status, { "content-type": "application/json" });
        res.end(JSON.stringify(json));
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#server.listen(0, "127.0.0.1", resolve),
    );
    const address = this.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("The stand-in has no port.");
    this.url = `http://127.0.0.1:${address.port}/v1`;
  }

  says(intent: Json): void {
    const text = JSON.stringify(intent);
    const content = [{ type: "output_text", text, annotations: [] }];
    this.answer = {
      status: 200,
      json: {
        id: "resp_1",
        object: "response",
        status: "completed",
        output: [{ type: "message", id: "msg_1", role: "assistant", content }],
      },
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const models = new ModelApi();
let agentCore: RunningService;
let graph: GraphApi;
let bot: RunningBot;
let log: EventLog;
let modelBot: RunningBot;
let modelLog: EventLog;

beforeAll(async () => {
  [agentCore, graph] = await Promise.all([startAgentCore(), GraphApi.start()]);
  await models.listen();
  const common = { agentCoreUrl: agentCore.url, graph };
  bot = await startBot(common);
  log = await EventLog.of(bot.bus);
  modelBot = await startBot({
    ...common,
    env: { OPENAI_API_KEY: "test-key", OPENAI_BASE_URL: models.url },
  });
  modelLog = await EventLog.of(modelBot.bus);
});

afterAll(async () => {
  await Promise.all([bot.close(), modelBot.close()]);
  await Promise.all([agentCore.close(), graph.close(), models.close()]);
});

/** What someone's lead becomes. */
async function leadOf(
  person: { phone: string } | { userId: string },
  isIt: (tags: readonly string[]) => boolean,
) {
  return until(async () => {
    const { lead } = await agentCoreOf(agentCore.url).fetchLead(person);
    return lead !== null && isIt(lead.tags) ? lead : undefined;
  });
}

describe("what a message asks for", () => {
  test("is captured by rules, with its slots", async () => {
    const waId = newWaId();
    await postJson(
      bot.url,
      webhook(textFrom({ waId }, "I need brake pads in Kigali, 5000 RWF")),
    );
    const { data } = await log.next(
      "intent.captured",
      (event) => event.data.contact === `+${waId}`,
    );
    expect(data).toMatchObject({
      tenantId: TENANT,
      agent: "sales",
      name: "order",
      channel: "whatsapp",
      language: "en",
      slots: { item: "brake pads", place: "kigali", amount: 5_000 },
    });
  });

  test("is captured by the model, when there is one", async () => {
    models.says({
      name: "price",
      confidence: 0.93,
      language: "rw",
      item: "amatara",
      amount: null,
      place: "Remera",
    });
    const waId = newWaId();
    await postJson(modelBot.url, webhook(textFrom({ waId }, "Amatara?")));
    const { data } = await modelLog.next(
      "intent.captured",
      (event) => event.data.contact === `+${waId}`,
    );
    expect(data).toMatchObject({
      name: "price",
      confidence: 0.93,
      slots: { item: "amatara", place: "Remera" },
    });
    expect(models.requests.at(-1)?.body).toContain("json_schema");
  });

  test.each([
    ["fails", { status: 500, json: {} }],
    ["answers something else", { status: 200, json: { output: [] } }],
  ])("is captured by rules when the model %s", async (_how, answer) => {
    models.answer = answer;
    const waId = newWaId();
    await postJson(modelBot.url, webhook(textFrom({ waId }, "Ni angahe?")));
    const { data } = await modelLog.next(
      "intent.captured",
      (event) => event.data.contact === `+${waId}`,
    );
    expect(data).toMatchObject({ name: "price", language: "rw" });
  });
});

describe("a voice note", () => {
  const audio = (id: string): Record<string, Json> => ({
    type: "audio",
    audio: { id, mime_type: "audio/ogg; codecs=opus", voice: true },
  });

  test("is kept as audio without a model", async () => {
    const id = messageId();
    const sent = messageFrom({ waId: newWaId() }, audio("77"), id);
    await postJson(bot.url, webhook(sent));
    const { data } = await log.next(
      "message.received",
      (event) => event.data.messageId === id,
    );
    expect(data).toMatchObject({ kind: "audio", media: { id: "77" } });
    expect(data).not.toHaveProperty("text");
  });

  test("that cannot be fetched any more stays audio, and holds nothing up", async () => {
    const waId = newWaId();
    await postJson(modelBot.url, webhook(messageFrom({ waId }, audio("gone"))));
    models.answer = { status: 500, json: {} };
    await postJson(modelBot.url, webhook(textFrom({ waId }, "Ni angahe?")));
    await modelLog.next(
      "intent.captured",
      ({ data }) => data.contact === `+${waId}`,
    );
    const heard = modelLog
      .of("message.received")
      .filter(({ data }) => data.phone === `+${waId}`);
    expect(heard.map(({ data }) => data.transcribed)).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("is fetched and written down, and its words count as any others", async () => {
    graph.media.set("78", {
      mimeType: "audio/ogg",
      bytes: Buffer.from("OggS-the-voice"),
    });
    models.transcript = "Please stop messaging me";
    const waId = newWaId();
    await postJson(modelBot.url, webhook(messageFrom({ waId }, audio("78"))));
    const { data } = await modelLog.next(
      "message.received",
      (event) =>
        event.data.phone === `+${waId}` && event.data.transcribed === true,
    );
    expect(data.text).toBe("Please stop messaging me");
    expect(
      models.requests.some(({ body }) => body.includes("OggS-the-voice")),
    ).toBe(true);
    await graph.until(`+${waId}`, 1);
  });
});

describe("the lead of who writes", () => {
  test("gets their name, language, tags, and the ad that they came from", async () => {
    const waId = newWaId();
    const sent = messageFrom(
      { waId, name: "Aline U." },
      {
        type: "text",
        text: { body: "Muraho, nkeneye bateri" },
        referral: {
          source_type: "ad",
          source_id: "120208",
          source_url: "https://fb.me/x",
          headline: "Parts",
          ctwa_clid: "click",
        },
      },
    );
    await postJson(bot.url, webhook(sent));
    const lead = await leadOf({ phone: `+${waId}` }, (tags) =>
      tags.includes("intent:order"),
    );
    expect(lead).toMatchObject({
      name: "Aline U.",
      language: "rw",
      source: "ad:120208",
      lastChannel: "whatsapp",
    });
    expect(
      log.of("message.received").find(({ data }) => data.phone === `+${waId}`)
        ?.data.referral,
    ).toEqual({
      sourceType: "ad",
      sourceId: "120208",
      sourceUrl: "https://fb.me/x",
      headline: "Parts",
      clickId: "click",
    });
    expect([...lead.tags].sort()).toEqual([
      "ad:120208",
      "channel:whatsapp",
      "intent:order",
    ]);
  });

  test("known only by a user id is one too", async () => {
    const userId = `RW.${newWaId()}`;
    await postJson(bot.url, webhook(textFrom({ userId, name: "Eric" }, "hi")));
    const lead = await leadOf({ userId }, () => true);
    expect(lead).toMatchObject({ userId, phone: null, name: "Eric" });
  });

  test("says that they were last heard from here, though they called before", async () => {
    const waId = newWaId();
    const phone = `+${waId}`;
    await agentCoreOf(agentCore.url).logLead(
      { phone, lastChannel: "voice" },
      { idempotencyKey: messageId() },
    );
    await postJson(bot.url, webhook(textFrom({ waId }, "Muraho")));
    const lead = await until(async () => {
      const found = await agentCoreOf(agentCore.url).fetchLead({ phone });
      return found.lead?.lastChannel === "whatsapp" ? found.lead : undefined;
    });
    expect(lead.tags).toContain("channel:whatsapp");
  });

  test("follows a changed profile, until a person corrects it", async () => {
    const waId = newWaId();
    const phone = `+${waId}`;
    const core = agentCoreOf(agentCore.url);
    const write = async (name: string, word: string): Promise<void> => {
      await postJson(bot.url, webhook(textFrom({ waId, name }, word)));
    };
    await write("Jeanne", "help");
    await leadOf({ phone }, (tags) => tags.includes("intent:help"));
    await write("Jeanne 🌸", "ni angahe");
    const changed = await leadOf({ phone }, (tags) =>
      tags.includes("intent:price"),
    );
    expect(changed.name).toBe("Jeanne 🌸");
    await core.logLead(
      { phone, name: "Jeanne Uwase" },
      { idempotencyKey: messageId() },
    );
    await write("Queen J", "Can I talk to someone?");
    const kept = await leadOf({ phone }, (tags) =>
      tags.includes("intent:human"),
    );
    expect(kept.name).toBe("Jeanne Uwase");
  });
});
