import { describe, expect, test } from "@jest/globals";
import { agentNamed, DrivenCall } from "../testing/machine-fixture.js";

describe("a caller who speaks over the agent", () => {
  test("stops the playback, and the model learns how much was heard", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    const first = call.speak(item, "r1", 200);
    call.speak(item, "r1", 400);
    call.step({ type: "mark_returned", name: first });
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.done.slice(0, 3)).toEqual([
      "clear_playback",
      "truncate",
      "observe",
    ]);
    expect(call.all("truncate")).toEqual([
      { do: "truncate", itemId: item, contentIndex: 0, audioEndMs: 200 },
    ]);
  });

  test("truncates too when all audio was sent and the model is long done", () => {
    const call = DrivenCall.greeted();
    const item = call.answer("r1", "A long answer.", 3_000);
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.all("truncate")).toEqual([
      { do: "truncate", itemId: item, contentIndex: 0, audioEndMs: 0 },
    ]);
    expect(call.published("media.transcript")).toEqual([
      expect.objectContaining({
        text: "A long answer.",
        interrupted: true,
        heardMs: 0,
        audioMs: 3_000,
      }),
    ]);
  });

  test("truncates each queued item once, and an item heard to its end never", () => {
    const call = DrivenCall.greeted();
    const heard = call.answer("r1", "One.", 100);
    call.hearAll();
    const second = call.answer("r2", "Two.", 100);
    const third = call.answer("r3", "Three.", 100);
    call.model({ type: "speech_started", itemId: "u1" });
    call.model({ type: "speech_started", itemId: "u2" });
    expect(call.all("truncate").map((t) => t.itemId)).toEqual([second, third]);
    expect(call.all("clear_playback")).toHaveLength(1);
    expect(call.all("truncate").map((t) => t.itemId)).not.toContain(heard);
  });

  test("makes late audio of the interrupted response unwanted", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.speak(item, "r1", 200);
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.state.cutResponses).toContain("r1");
  });

  test("makes a response unwanted that has no audio yet", () => {
    const call = DrivenCall.greeted();
    call.begin("r1");
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.state.cutResponses).toContain("r1");
    expect(call.all("clear_playback")).toEqual([]);
  });

  test("marks that come back for cleared audio count for nothing", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    const stale = call.speak(item, "r1", 200);
    call.model({ type: "speech_started", itemId: "u1" });
    call.step({ type: "mark_returned", name: stale });
    const next = call.begin("r2");
    call.speak(next, "r2", 100);
    call.model({ type: "speech_started", itemId: "u2" });
    expect(call.all("truncate").at(-1)).toEqual(
      expect.objectContaining({ itemId: next, audioEndMs: 0 }),
    );
  });

  test("does nothing while the agent is silent", () => {
    const call = DrivenCall.greeted();
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.effects).toEqual([]);
  });

  test("does not interrupt an agent that is not to be interrupted", () => {
    const call = DrivenCall.greeted({ agent: agentNamed("survey") });
    const item = call.begin("r1");
    call.speak(item, "r1", 200);
    call.model({ type: "speech_started", itemId: "u1" });
    expect(call.all("clear_playback")).toEqual([]);
    expect(call.state.cutResponses).toEqual([]);
  });

  test("counts as a barge-in only when something was playing", () => {
    const call = DrivenCall.greeted();
    call.model({ type: "speech_started", itemId: "u0" });
    const item = call.begin("r1");
    call.speak(item, "r1", 200);
    call.model({ type: "speech_started", itemId: "u1" });
    expect(
      call.all("observe").filter((o) => o.what.metric === "barge_in"),
    ).toHaveLength(1);
  });
});

describe("a turn of the talk", () => {
  test("is told with its latency once the answer was heard", () => {
    const call = DrivenCall.greeted();
    call.model({ type: "speech_started", itemId: "u1" });
    call.model({ type: "speech_stopped", itemId: "u1" });
    call.nowMs += 320;
    const item = call.answer("r1", "Here you are.", 1_000);
    expect(call.published("media.turn")).toEqual([]);
    call.hearAll();
    expect(call.published("media.turn")).toEqual([
      {
        turn: 1,
        latencyMs: 320,
        responseId: "r1",
        itemId: item,
        audioMs: 1_000,
        heardMs: 1_000,
        interrupted: false,
      },
    ]);
    expect(call.published("media.transcript")).toEqual([
      expect.objectContaining({ role: "assistant", interrupted: false }),
    ]);
  });

  test("is told though the carrier loses its marks", () => {
    const call = DrivenCall.greeted();
    call.answer("r1", "Here you are.", 1_000);
    call.pass(2_400);
    expect(call.published("media.transcript")).toEqual([]);
    call.pass(200);
    expect(call.published("media.transcript")).toHaveLength(1);
  });

  test("tells each item once, also when its words come after its end", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.speak(item, "r1", 100);
    call.model({ type: "audio_complete", itemId: item });
    call.hearAll();
    call.model({ type: "agent_transcript", itemId: item, text: "Late words." });
    call.model({
      type: "response_done",
      responseId: "r1",
      status: "completed",
      reason: undefined,
      usage: {},
    });
    expect(call.published("media.transcript")).toHaveLength(1);
  });

  test("the stop of the call tells what was under way, and the latencies", () => {
    const call = DrivenCall.greeted();
    call.model({ type: "speech_started", itemId: "u1" });
    call.model({ type: "speech_stopped", itemId: "u1" });
    call.nowMs += 250;
    const item = call.begin("r1");
    call.speak(item, "r1", 1_000);
    call.nowMs += 500;
    call.step({ type: "leg_ended", reason: "caller_hangup" });
    expect(call.published("call.stop")).toEqual([
      {
        reason: "caller_hangup",
        durationMs: 750,
        usage: { output_audio: 10 },
        latency: { turns: 1, p50: 250, p95: 250, max: 250 },
      },
    ]);
    expect(call.published("media.turn")).toHaveLength(1);
  });
});
