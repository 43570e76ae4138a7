import type { RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { GraphApi } from "../testing/graph-api.js";
import { dropped, publishSend, textTo } from "../testing/messages.js";
import {
  change,
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

describe("someone who is someone else from now on", () => {
  const system = (to: Record<string, string>) => ({
    type: "system",
    system: { type: "user_changed_number", body: "changed", ...to },
  });

  test.each([
    ["by the system's message", false],
    ["by a webhook of its own", true],
  ])(
    "takes their opt-out along, and what is known of them: %s",
    async (_how, isUpdate) => {
      const [old, next] = [newWaId(), newWaId()];
      const before = isUpdate
        ? { userId: `RW.${old}`, name: "Jeanne" }
        : { waId: old, name: "Jeanne" };
      const person = isUpdate ? `RW.${old}` : `+${old}`;
      await postJson(bot.url, webhook(textFrom(before, "STOP")));
      await graph.until(person, 1);
      const known = isUpdate ? { userId: person } : { phone: person };
      await until(async () => {
        const found = await agentCoreOf(agentCore.url).fetchLead(known);
        return found.lead?.name === "Jeanne";
      });
      const update = {
        user_id: { previous: person, current: `RW.${next}` },
        timestamp: "1749416383",
      };
      await postJson(
        bot.url,
        webhook(
          isUpdate
            ? change({ user_id_update: [update] }, "user_id_update")
            : messageFrom(before, system({ wa_id: next })),
        ),
      );
      const now = isUpdate ? { userId: `RW.${next}` } : { phone: `+${next}` };
      const lead = await until(async () => {
        const found = await agentCoreOf(agentCore.url).fetchLead(now);
        return found.lead?.optedOut === true ? found.lead : undefined;
      });
      expect(lead).toMatchObject({ ...now, name: "Jeanne" });
      const to = isUpdate ? `RW.${next}` : `+${next}`;
      await dropped(bot, to);
      expect(bodies(to)).toEqual([]);
    },
  );

  test("and had not opted out is written to as before", async () => {
    const [old, next] = [newWaId(), newWaId()];
    await postJson(
      bot.url,
      webhook(textFrom({ waId: old, name: "Eric" }, "hi")),
    );
    await until(
      async () =>
        (await agentCoreOf(agentCore.url).fetchLead({ phone: `+${old}` }))
          .lead !== null,
    );
    await postJson(
      bot.url,
      webhook(messageFrom({ waId: old }, system({ wa_id: next }))),
    );
    await until(
      async () =>
        (await agentCoreOf(agentCore.url).fetchLead({ phone: `+${next}` })).lead
          ?.name === "Eric",
    );
    await postJson(bot.url, webhook(textFrom({ waId: next }, "Muraho")));
    await publishSend(bot.bus, textTo(`+${next}`));
    await graph.until(`+${next}`, 1);
  });

  test("has not written by that: the 24 hours do not begin", async () => {
    const [old, next] = [newWaId(), newWaId()];
    const sent = messageFrom({ waId: old }, system({ wa_id: next }));
    await postJson(bot.url, webhook(sent));
    const data = textTo(`+${old}`);
    await publishSend(bot.bus, data);
    const letter = await log.deadLetter(({ value }) =>
      value.toString().includes(data.dedupeKey),
    );
    expect(letter.headers["x-error"]).toContain("window_closed");
  });
});
