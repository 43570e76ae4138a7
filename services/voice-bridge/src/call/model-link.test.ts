import { describe, expect, test } from "@jest/globals";
import { agentNamed, DrivenCall } from "../testing/machine-fixture.js";

describe("a call whose model goes away", () => {
  test("gets a new session at once, with the conversation carried over", () => {
    const call = DrivenCall.greeted();
    call.callerSays("I need brake pads.");
    call.answer("r1", "For which moto?", 1_000);
    call.hearAll();
    call.effects.length = 0;
    call.step({ type: "model_closed", reason: "dropped" });
    expect(call.all("open_model")).toEqual([
      { do: "open_model", why: "dropped", delayMs: 0 },
    ]);
    call.nowMs += 300;
    call.step({ type: "model_ready" });
    expect(call.all("add_turn").map((effect) => effect.turn)).toEqual([
      { role: "assistant", text: "Muraho." },
      { role: "user", text: "I need brake pads." },
      { role: "assistant", text: "For which moto?" },
    ]);
    expect(call.done.at(-1)).toBe("flush_caller_audio");
    expect(call.all("create_response")).toEqual([]);
  });

  test("is answered by the new session when an answer was owed", () => {
    const call = DrivenCall.greeted();
    call.callerSays("I need brake pads.");
    call.begin("r1");
    call.step({ type: "model_closed", reason: "dropped" });
    call.step({ type: "model_ready" });
    expect(call.all("create_response")).toHaveLength(1);
    expect(call.said).toEqual([]);
  });

  test("hears what was being said word by word from the new session", () => {
    const call = DrivenCall.live();
    const [greeting] = call.said;
    call.step({ type: "model_closed", reason: "dropped" });
    call.step({ type: "model_ready" });
    expect(call.said).toEqual([greeting, greeting]);
  });

  test("is not asked to truncate what the lost session said", () => {
    const call = DrivenCall.greeted();
    call.answer("r1", "A long answer.", 3_000);
    call.step({ type: "model_closed", reason: "dropped" });
    call.step({ type: "model_ready" });
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.all("clear_playback")).toHaveLength(1);
    expect(call.all("truncate")).toEqual([]);
  });

  test("tells a tool's result in words when its session is gone", () => {
    const call = DrivenCall.greeted();
    call.begin("r1");
    call.model({
      type: "tool_called",
      responseId: "r1",
      callId: "t1",
      name: "fetch_lead",
      arguments: "{}",
    });
    call.step({ type: "model_closed", reason: "dropped" });
    call.step({ type: "model_ready" });
    call.step({
      type: "tool_finished",
      callId: "t1",
      name: "fetch_lead",
      outcome: { kind: "output", output: '{"lead":null}' },
    });
    expect(call.all("add_tool_result")).toEqual([]);
    expect(call.all("add_turn").at(-1)?.turn.text).toContain('{"lead":null}');
    expect(call.all("create_response")).toHaveLength(1);
  });

  test("is told so and transferred when no model can be reached for 5 s", () => {
    const call = new DrivenCall();
    call.step({ type: "media_started", streamId: "MZ1" });
    for (let i = 0; i < 4; i++) {
      call.nowMs += 1_000;
      call.step({ type: "model_closed", reason: "unreachable" });
      call.pass(0);
    }
    expect(call.all("close_leg")).toEqual([]);
    call.pass(1_000);
    expect(call.all("close_leg")).toEqual([
      {
        do: "close_leg",
        reason: "model_unreachable",
        outcome: { kind: "apologise", transferTo: "+250788000009" },
      },
    ]);
  });

  test("is told so and let go when the agent has nobody to transfer to", () => {
    const call = new DrivenCall({ agent: agentNamed("survey") });
    call.step({ type: "media_started", streamId: "MZ1" });
    call.pass(5_000);
    expect(call.all("close_leg")[0]?.outcome).toEqual({
      kind: "apologise",
      transferTo: undefined,
    });
  });

  test("counts the 5 s from the loss, not from the call's beginning", () => {
    const call = DrivenCall.greeted();
    call.pass(60_000);
    call.step({ type: "model_closed", reason: "dropped" });
    call.pass(4_900);
    expect(call.all("close_leg")).toEqual([]);
    call.pass(200);
    expect(call.all("close_leg")[0]?.reason).toBe("model_lost");
  });

  test("replaces a model that was asked and never answers", () => {
    const call = DrivenCall.greeted();
    call.model({ type: "speech_started", itemId: "u1" });
    call.model({ type: "speech_stopped", itemId: "u1" });
    call.pass(9_900);
    expect(call.all("open_model")).toEqual([]);
    call.pass(200);
    expect(call.all("open_model")).toHaveLength(1);
    call.step({ type: "model_ready" });
    expect(call.all("create_response")).toHaveLength(1);
  });
});

describe("a session that nears its limit", () => {
  const limited = { modelSessionMaxMs: 60_000 };

  test("is replaced by one opened before, in a quiet moment", () => {
    const call = DrivenCall.greeted(limited);
    call.pass(49_000);
    expect(call.all("open_model")).toEqual([]);
    call.pass(1_100);
    expect(call.all("open_model")).toEqual([
      { do: "open_model", why: "expiring", delayMs: 0 },
    ]);
    call.effects.length = 0;
    call.step({ type: "successor_ready" });
    expect(call.done.slice(0, 3)).toEqual([
      "observe",
      "switch_model",
      "add_turn",
    ]);
    expect(call.all("close_leg")).toEqual([]);
  });

  test("waits for the end of what the agent is saying", () => {
    const call = DrivenCall.greeted(limited);
    call.pass(50_100);
    const item = call.begin("r1");
    call.step({ type: "successor_ready" });
    expect(call.all("switch_model")).toEqual([]);
    call.finish("r1", item, "Done.");
    call.pass(200);
    expect(call.all("switch_model")).toHaveLength(1);
  });

  test("is left at its limit, quiet or not", () => {
    const call = DrivenCall.greeted(limited);
    call.pass(50_100);
    call.begin("r1");
    call.step({ type: "successor_ready" });
    call.pass(10_000);
    expect(call.all("switch_model")).toHaveLength(1);
    expect(call.all("create_response")).toHaveLength(1);
  });

  test("goes on when the successor can't be opened, which is tried again", () => {
    const call = DrivenCall.greeted(limited);
    call.pass(50_100);
    call.step({ type: "successor_failed" });
    call.pass(200);
    expect(call.all("open_model")).toHaveLength(2);
  });
});
