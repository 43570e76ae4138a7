import { optInConfirmation, optOutConfirmation } from "@easymo/opt-out-lexicon";
import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi, metaError } from "../testing/graph-api.js";
import { dropped, publishSend, textTo } from "../testing/messages.js";
import {
  change,
  contactOf,
  messageFrom,
  newWaId,
  postJson,
  textFrom,
  webhook,
} from "../testing/meta.js";
import {
  agentCoreOf,
  EventLog,
  startAgentCore,
  startBot,
  type RunningBot,
} from "../testing/running-bot.js";

let agentCore: RunningService;
let graph: GraphApi;
let bot: RunningBot;
let log: EventLog;

beforeAll(async () => {
  [agentCore, graph] = await Promise.all([startAgentCore(), GraphApi.start()]);
  bot = await startBot({ agentCoreUrl: agentCore.url, graph });
  log = await EventLog.of(bot.bus);
});

afterAll(async () => {
  await bot.close();
  await Promise.all([agentCore.close(), graph.close()]);
});

function bodies(person: string): (string | undefined)[] {
  return graph.sentTo(person).map(({ text }) => text?.body);
}

describe("someone who says stop", () => {
  test.each([
    ["in English", "STOP", "en"],
    ["in Kinyarwanda", "Ntimuzongere kunyandikira", "rw"],
    ["in French", "Arrêtez de m'écrire !", "fr"],
    ["in Swahili", "Acha kunitumia ujumbe", "sw"],
    ["in the agent's own words", "leave me be now", "en"],
  ])(
    "%s is in the registry, is told so once, and hears nothing more",
    async (_how, words, language) => {
      const waId = newWaId();
      const phone = `+${waId}`;
      await postJson(bot.url, webhook(textFrom({ waId }, words)));
      await graph.until(phone, 1);
      await expect(
        agentCoreOf(agentCore.url).optOut(phone),
      ).resolves.toMatchObject({ optedOut: true, channel: "whatsapp" });
      await postJson(bot.url, webhook(textFrom({ waId }, words)));
      await dropped(bot, phone);
      expect(bodies(phone)).toEqual([optOutConfirmation(language)]);
    },
  );

  test("by a button is in the registry", async () => {
    const waId = newWaId();
    await postJson(
      bot.url,
      webhook(
        messageFrom(
          { waId },
          { type: "button", button: { payload: "no", text: "Unsubscribe" } },
        ),
      ),
    );
    const event = await log.next(
      "message.opt_out",
      ({ data }) => data.phone === `+${waId}`,
    );
    expect(event.data).toMatchObject({ via: "button" });
    await graph.until(`+${waId}`, 1);
  });

  test("with only a user id is in the registry, and hears nothing more", async () => {
    const userId = `RW.${newWaId()}`;
    await postJson(bot.url, webhook(textFrom({ userId }, "stop")));
    await graph.until(userId, 1);
    const { lead } = await agentCoreOf(agentCore.url).fetchLead({ userId });
    expect(lead).toMatchObject({ userId, optedOut: true });
    await dropped(bot, userId);
    expect(bodies(userId)).toEqual([optOutConfirmation("en")]);
  });

  test("and then start hears that once, and is written to again", async () => {
    const waId = newWaId();
    const phone = `+${waId}`;
    for (const [count, word] of ["STOP", "START"].entries()) {
      await postJson(bot.url, webhook(textFrom({ waId }, word)));
      await graph.until(phone, count + 1);
    }
    await postJson(bot.url, webhook(textFrom({ waId }, "START")));
    await expect(
      agentCoreOf(agentCore.url).optOut(phone),
    ).resolves.toMatchObject({ optedOut: false });
    await publishSend(bot.bus, textTo(phone));
    await graph.until(phone, 3);
    // A change of mind is confirmed anew.
    await postJson(bot.url, webhook(textFrom({ waId }, "STOP")));
    await graph.until(phone, 4);
    expect(bodies(phone)).toEqual([
      optOutConfirmation("en"),
      optInConfirmation("en"),
      "Your part is here",
      optOutConfirmation("en"),
    ]);
  });

  test("with only a user id, and then start, is written to again", async () => {
    const userId = `RW.${newWaId()}`;
    const core = agentCoreOf(agentCore.url);
    for (const [count, word] of ["Stop", "Tangira"].entries()) {
      await postJson(bot.url, webhook(textFrom({ userId }, word)));
      await graph.until(userId, count + 1);
    }
    const { lead } = await core.fetchLead({ userId });
    expect(lead).toMatchObject({ optedOut: false, optIn: true });
    await publishSend(bot.bus, textTo(userId));
    const sent = await graph.until(userId, 3);
    expect(sent[2]).toMatchObject({
      recipient: userId,
      text: { body: "Your part is here" },
    });
    for (const one of sent) expect(one).not.toHaveProperty("to");
  });

  test("with a user id and a number hears nothing more by either", async () => {
    const waId = newWaId();
    const userId = `RW.${waId}`;
    await postJson(bot.url, webhook(textFrom({ waId, userId }, "stop")));
    await graph.until(`+${waId}`, 1);
    await dropped(bot, `+${waId}`);
    await dropped(bot, userId);
    expect(bodies(`+${waId}`)).toEqual([optOutConfirmation("en")]);
    expect(bodies(userId)).toEqual([]);
  });

  test("to a group has not said it to us", async () => {
    const waId = newWaId();
    await postJson(bot.url, webhook(textFrom({ waId }, "Muraho")));
    await postJson(
      bot.url,
      webhook(
        messageFrom(
          { waId },
          { type: "text", text: { body: "STOP" }, group_id: "g-1" },
        ),
      ),
    );
    await publishSend(bot.bus, textTo(`+${waId}`));
    await graph.until(`+${waId}`, 1);
    expect(bodies(`+${waId}`)).toEqual(["Your part is here"]);
  });

  test("of something else is not taken for it", async () => {
    const waId = newWaId();
    for (const words of ["Where is the bus stop?", "don't stop helping me"])
      await postJson(bot.url, webhook(textFrom({ waId }, words)));
    await publishSend(bot.bus, textTo(`+${waId}`));
    await graph.until(`+${waId}`, 1);
    expect(bodies(`+${waId}`)).toEqual(["Your part is here"]);
  });
});

describe("Meta's own switches", () => {
  const preference = (waId: string, value: string) =>
    change(
      {
        contacts: [contactOf({ waId })],
        user_preferences: [
          {
            wa_id: waId,
            detail: "User requested it",
            category: "marketing_messages",
            value,
            timestamp: 1_731_705_721,
          },
        ],
      },
      "user_preferences",
    );

  test("turned off and on again change the registry", async () => {
    const waId = newWaId();
    const phone = `+${waId}`;
    await postJson(bot.url, webhook(textFrom({ waId }, "Muraho")));
    await postJson(bot.url, webhook(preference(waId, "stop")));
    await graph.until(phone, 1);
    const core = agentCoreOf(agentCore.url);
    await expect(core.optOut(phone)).resolves.toMatchObject({
      optedOut: true,
    });
    await postJson(bot.url, webhook(preference(waId, "resume")));
    await graph.until(phone, 2);
    await expect(core.optOut(phone)).resolves.toMatchObject({
      optedOut: false,
    });
  });

  test("told by a send that fails with 131050 are an opt-out", async () => {
    const waId = newWaId();
    const phone = `+${waId}`;
    await postJson(bot.url, webhook(textFrom({ waId }, "Muraho")));
    graph.answerNext(metaError(400, 131_050, "(#131050) stopped marketing"));
    await publishSend(bot.bus, textTo(phone));
    // The attempt, and then the confirmation.
    await graph.until(phone, 2);
    await expect(
      agentCoreOf(agentCore.url).optOut(phone),
    ).resolves.toMatchObject({ optedOut: true });
    await dropped(bot, phone);
    expect(bodies(phone)).toEqual([
      "Your part is here",
      optOutConfirmation("en"),
    ]);
  });

  test("told by a status with 131050 are an opt-out", async () => {
    const waId = newWaId();
    await postJson(
      bot.url,
      webhook(
        change({
          statuses: [
            {
              id: "wamid.failed",
              status: "failed",
              timestamp: "1749416383",
              recipient_id: waId,
              errors: [{ code: 131_050, title: "stopped marketing" }],
            },
          ],
        }),
      ),
    );
    const event = await log.next(
      "message.opt_out",
      ({ data }) => data.phone === `+${waId}`,
    );
    expect(event.data).toMatchObject({ via: "send_error" });
  });
});

test("while agent-core is away the events are published and nothing is confirmed; when it is back, all of it happens", async () => {
  const own = await startAgentCore();
  const port = own.port;
  const lonely = await startBot({ agentCoreUrl: own.url, graph });
  const seen = await EventLog.of(lonely.bus);
  await own.close();
  const waId = newWaId();
  const phone = `+${waId}`;
  try {
    const answer = await postJson(
      lonely.url,
      webhook(textFrom({ waId }, "stop")),
    );
    expect(answer.status).toBe(200);
    await seen.next("message.received", ({ data }) => data.phone === phone);
    await seen.next("message.opt_out", ({ data }) => data.phone === phone);
    expect(graph.sentTo(phone)).toHaveLength(0);
    const back = await startAgentCore(port);
    try {
      await graph.until(phone, 1);
      await expect(agentCoreOf(back.url).optOut(phone)).resolves.toMatchObject({
        optedOut: true,
      });
      expect(bodies(phone)).toEqual([optOutConfirmation("en")]);
    } finally {
      await lonely.close();
      await back.close();
    }
  } finally {
    await lonely.close();
  }
});
