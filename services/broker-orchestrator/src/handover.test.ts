import type { RunningService } from "@easymo/service-kit";
import { until } from "@easymo/testbed";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { newPhone, received } from "./testing/events.js";
import {
  agentCoreOf,
  EventLog,
  startAgentCore,
  startOrchestrator,
  type RunningOrchestrator,
} from "./testing/running.js";

/** A conversation that people take over, with agent-core as it is and no model. */

let agentCore: RunningService;
let orchestrator: RunningOrchestrator;
let log: EventLog;

beforeAll(async () => {
  agentCore = await startAgentCore();
  orchestrator = await startOrchestrator({ agentCoreUrl: agentCore.url });
  log = await EventLog.of(orchestrator.bus);
});
afterAll(async () => {
  await orchestrator.close();
  await agentCore.close();
});

test("is handed over with a summary, is quiet until it is handed back, and goes on with what was noted", async () => {
  const phone = newPhone();
  const core = agentCoreOf(agentCore.url);
  const write = (text: string, to = phone) =>
    orchestrator.bus.publishEvent("whatsapp.inbound", received(to, text));
  const said = () =>
    log
      .of("message.send")
      .flatMap(({ data }) =>
        data.to === phone && "text" in data ? [data.text] : [],
      );
  const news = (state: string) =>
    log.next(
      "conversation.updated",
      ({ data }) => data.contact === phone && data.handover?.state === state,
    );

  await write("Hello");
  await until(() => said().length === 1, { what: "a greeting" });
  await write("Can I talk to someone?");
  const { data } = await news("with_human");
  expect(data.handover).toMatchObject({
    queue: "sales",
    summary: expect.stringContaining("Can I talk to someone?"),
  });
  await until(() => said().length === 2, { what: "the announcement" });
  expect(said()[1]).toContain("A colleague takes over from here");
  const { handovers } = await core.handovers();
  expect(handovers).toMatchObject([
    { handoverId: data.handover?.handoverId, phone, status: "with_human" },
  ]);

  await write("hello?");
  const other = newPhone();
  await write("Hello", other);
  await log.next("message.send", (one) => one.data.to === other);
  expect(said()).toHaveLength(2);

  await core.handBack(
    data.handover?.handoverId ?? "",
    { notes: "A refund is agreed." },
    { idempotencyKey: `back-${phone}` },
  );
  await write("I need brake pads");
  await news("over");
  await until(() => said().length === 3, { what: "an answer" });
  expect(said()[2]).toContain("brake pads");
});
