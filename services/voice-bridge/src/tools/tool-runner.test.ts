import { AgentCoreError, type ToolsApi } from "@easymo/agent-core-client";
import { createLogger, ManualClock } from "@easymo/service-kit";
import { describe, expect, test } from "@jest/globals";
import { CallEvents, type EventSink } from "../call/call-events.js";
import { identity } from "../testing/machine-fixture.js";
import { toolDefinitions } from "./definitions.js";
import { runTool, type ToolDeps } from "./tool-runner.js";

const logger = createLogger({ name: "test", level: "silent" });

/** agent-core by script: what is not given never answers. */
function core(answers: Partial<ToolsApi>): ToolsApi {
  const never = (): Promise<never> => new Promise(() => undefined);
  return {
    fetchLead: never,
    logLead: never,
    leads: never,
    createCall: never,
    setDisposition: never,
    registerOptOut: never,
    optOut: never,
    collectPayment: never,
    warmTransfer: never,
    handover: never,
    handovers: never,
    handBack: never,
    ...answers,
  };
}

function setting(answers: Partial<ToolsApi>) {
  const clock = new ManualClock();
  const observed: unknown[] = [];
  const published: Parameters<EventSink["publish"]>[] = [];
  const sink: EventSink = {
    publish: (...event) => void published.push(event),
  };
  const deps: ToolDeps = {
    agentCore: () => core(answers),
    events: new CallEvents(sink, clock, logger),
    clock,
    logger,
    timeoutMs: 5_000,
    observe: (...observation) => void observed.push(observation),
  };
  return { clock, deps, observed, published };
}

const request = (name: string, args: object = {}) => ({
  identity: identity(),
  language: "en" as const,
  name,
  argumentsJson: JSON.stringify(args),
});

const LEAD = {
  leadId: "l1",
  phone: "+250788123456",
  userId: null,
  name: "Aline",
  language: "rw",
  tags: ["brakes"],
  optedOut: false,
  optIn: null,
  source: null,
  lastChannel: null,
};

describe("running a tool for the model", () => {
  test("gives the model an error when the tool does not answer in time", async () => {
    const { clock, deps, observed } = setting({});
    const outcome = runTool(deps, request("fetch_lead"));
    clock.advance(5_000);
    expect(await outcome).toEqual({
      kind: "output",
      output: expect.stringContaining("timed_out"),
    });
    expect(observed).toEqual([["fetch_lead", "timed_out", 5]]);
  });

  test("gives the model an error when the tool fails, without its inner words", async () => {
    const { deps, observed } = setting({
      fetchLead: () => Promise.reject(new Error("password=hunter2")),
    });
    const outcome = await runTool(deps, request("fetch_lead"));
    expect(outcome.output).toContain("failed");
    expect(outcome.output).not.toContain("hunter2");
    expect(observed).toEqual([["fetch_lead", "failed", 0]]);
  });

  test("gives the model an error instead of a result of 1 MiB", async () => {
    const { deps } = setting({
      fetchLead: () =>
        Promise.resolve({ lead: { ...LEAD, name: "x".repeat(1_048_576) } }),
    });
    const outcome = await runTool(deps, request("fetch_lead"));
    expect(outcome.output.length).toBeLessThan(500);
    expect(outcome.output).toContain("result_too_large");
  });

  test("tells the model of a person only what it needs", async () => {
    const { deps } = setting({
      fetchLead: () => Promise.resolve({ lead: LEAD }),
    });
    const outcome = await runTool(deps, request("fetch_lead"));
    expect(JSON.parse(outcome.output)).toEqual({
      lead: {
        name: "Aline",
        language: "rw",
        tags: ["brakes"],
        optedOut: false,
      },
    });
  });

  test.each([
    ["arguments that are no JSON", "collect_payment", "{"],
    ["an amount of nothing", "collect_payment", '{"amount":0}'],
    ["half a franc", "collect_payment", '{"amount":0.5}'],
    [
      "an intent without a name",
      "capture_intent",
      '{"confidence":1,"slots":{}}',
    ],
    ["an unknown disposition", "set_disposition", '{"code":"bored"}'],
  ])("refuses %s and says why", async (_what, name, argumentsJson) => {
    const { deps, observed } = setting({});
    const outcome = await runTool(deps, { ...request(name), argumentsJson });
    expect(outcome.output).toContain("invalid_arguments");
    expect(observed).toEqual([[name, "refused", 0]]);
  });

  test("hands over to the routing document's number when agent-core knows none", async () => {
    for (const answer of [
      () =>
        Promise.resolve({
          queue: "sales",
          to: "queue:sales",
          handoverId: undefined,
        }),
      () => Promise.reject(new Error("away")),
    ]) {
      const { deps } = setting({ warmTransfer: answer });
      expect(await runTool(deps, request("warm_transfer"))).toMatchObject({
        kind: "transfer",
        to: "+250788000009",
        queue: "sales",
      });
    }
  });

  test("passes agent-core's own refusal on", async () => {
    const { deps, observed } = setting({
      collectPayment: () =>
        Promise.reject(
          new AgentCoreError({
            code: "currency_not_supported",
            status: 422,
            retryable: false,
            blamesServer: false,
            detail: "MoMo in Rwanda is paid in RWF",
          }),
        ),
    });
    const outcome = await runTool(
      deps,
      request("collect_payment", { amount: 1 }),
    );
    expect(outcome.output).toContain("currency_not_supported");
    expect(observed).toEqual([["collect_payment", "refused", 0]]);
  });

  test("offers each agent the tools that it has, with a schema for each", () => {
    const definitions = toolDefinitions(identity().agent);
    expect(definitions.map((tool) => tool.name)).toEqual(
      identity().agent.tools,
    );
    for (const tool of definitions)
      expect(tool.parameters).toMatchObject({ type: "object" });
  });
});
