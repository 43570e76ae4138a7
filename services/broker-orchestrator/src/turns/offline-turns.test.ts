import { createMemoryStore } from "@easymo/messaging";
import type { RunningService } from "@easymo/service-kit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { clientOf } from "../testing/agent-core.js";
import { quietKit, startAgentCore } from "../testing/running.js";
import { agentNamed, turnOf } from "../testing/turn-request.js";
import { createTurnModel } from "./create-turn-model.js";
import { phrases } from "./phrases.js";

let agentCore: RunningService;

beforeAll(async () => {
  agentCore = await startAgentCore();
});

afterAll(() => agentCore.close());

const never = new AbortController().signal;

function offline(agentCoreUrl = agentCore.url) {
  return createTurnModel({
    ...quietKit("turns"),
    agentCore: clientOf(agentCoreUrl),
    keyValue: createMemoryStore().keyValue,
  });
}

test("a payment is issued by agent-core and told in the person's language", async () => {
  const turn = turnOf("Ndashaka kwishyura amafaranga 3000");
  const said = await offline().answer(turn, never);
  expect(said).toMatchObject({
    by: "offline",
    text: phrases.dial.rw("3.000 RWF", "*182*8*1*123456*3000#"),
    payment: { amount: 3_000, ussd: "*182*8*1*123456*3000#" },
  });
  // Another replica, without what this one remembers: agent-core knows the key.
  const repeated = await offline().answer(turn, never);
  expect(repeated.payment?.paymentId).toBe(said.payment?.paymentId);
});

test("in a region of links it is a link", async () => {
  const agent = agentNamed("shop");
  const said = await offline().answer(
    turnOf("I pay 20 euros", { agent }),
    never,
  );
  expect(said.text).toMatch(/^To pay 20 EUR, open https?:\/\//);
});

test("with agent-core away the person is told that it did not work", async () => {
  const model = offline("http://127.0.0.1:9");
  expect(await model.answer(turnOf("I pay 5000 RWF"), never)).toEqual({
    text: phrases.failed.en(),
    by: "offline",
  });
});

test("the same turn has the same answer", async () => {
  const turn = turnOf("I need a chain in Huye");
  const [one, other] = await Promise.all([
    offline().answer(turn, never),
    offline().answer(turn, never),
  ]);
  expect(one).toEqual(other);
});
