import { optOutConfirmation } from "@easymo/opt-out-lexicon";
import { describe, expect, test } from "@jest/globals";
import { CALLER, DrivenCall } from "../testing/machine-fixture.js";

describe("a caller who wants no more calls", () => {
  test.each([
    ["Please stop calling me.", "en"],
    ["Ne m'appelez plus.", "fr"],
    ["Ntuzongere kumpamagara.", "rw"],
    ["Usinipigie tena.", "sw"],
  ] as const)("says %j and is understood", (words, language) => {
    const call = DrivenCall.greeted();
    call.callerSays(words);
    expect(call.published("call.opt_out")).toEqual([
      expect.objectContaining({ phone: CALLER, via: "speech", language }),
    ]);
    expect(call.all("register_opt_out")).toHaveLength(1);
    expect(call.said).toEqual([optOutConfirmation(language)]);
  });

  test("hears the confirmation to its end before the call ends", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Stop calling me");
    call.answer("r-bye", "confirmation", 2_000);
    expect(call.all("close_leg")).toEqual([]);
    call.hearAll();
    expect(call.all("close_leg")).toEqual([
      { do: "close_leg", reason: "opt_out", outcome: { kind: "hang_up" } },
    ]);
    expect(call.published("call.stop")).toEqual([
      expect.objectContaining({ reason: "opt_out" }),
    ]);
  });

  test("is confirmed over whatever the agent was saying or about to say", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.speak(item, "r1", 5_000);
    call.step({ type: "digit", digit: "9" });
    expect(call.done).toEqual([
      "call.dtmf",
      "call.opt_out",
      "register_opt_out",
      "clear_playback",
      "truncate",
      "cancel_response",
      "stop_listening",
    ]);
    call.finish("r1", item, "…", "cancelled");
    expect(call.said).toEqual([optOutConfirmation("en")]);
  });

  test("presses the agent's digit", () => {
    const call = DrivenCall.greeted();
    call.step({ type: "digit", digit: "9" });
    expect(call.published("call.opt_out")).toEqual([
      expect.objectContaining({ via: "dtmf", phrase: "9" }),
    ]);
  });

  test("may use the agent's own phrase", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Well, leave me be now!");
    expect(call.published("call.opt_out")).toHaveLength(1);
  });

  test("is registered when the model calls the tool, in the caller's language", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.model({
      type: "tool_called",
      responseId: "r1",
      callId: "t1",
      name: "register_opt_out",
      arguments: "{}",
    });
    call.finish("r1", item, "");
    call.step({
      type: "tool_finished",
      callId: "t1",
      name: "register_opt_out",
      outcome: {
        kind: "opt_out",
        output: "{}",
        phrase: "asked",
        language: "fr",
      },
    });
    expect(call.published("call.opt_out")).toEqual([
      expect.objectContaining({ via: "tool", language: "fr" }),
    ]);
    expect(call.said).toEqual([optOutConfirmation("fr")]);
  });

  test("is registered once, however often it is asked", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Stop calling me");
    call.callerSays("Stop calling me");
    call.step({ type: "digit", digit: "9" });
    expect(call.published("call.opt_out")).toHaveLength(1);
    expect(call.all("register_opt_out")).toHaveLength(1);
  });

  test("has opted out though the line breaks before the confirmation", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Stop calling me");
    call.step({ type: "leg_ended", reason: "caller_hangup" });
    expect(call.all("register_opt_out")).toHaveLength(1);
    expect(call.published("call.stop")).toEqual([
      expect.objectContaining({ reason: "opt_out" }),
    ]);
  });

  test("is let go though the model never says the confirmation", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Stop calling me");
    call.pass(14_900);
    expect(call.all("close_leg")).toEqual([]);
    call.pass(200);
    expect(call.all("close_leg")).toHaveLength(1);
  });

  test("is not waited for by a model that is gone", () => {
    const call = DrivenCall.greeted();
    call.callerSays("Stop calling me");
    call.step({ type: "model_closed", reason: "dropped" });
    expect(call.all("close_leg")).toHaveLength(1);
  });

  test("is not taken for one who speaks of a bus stop", () => {
    const call = DrivenCall.greeted();
    call.callerSays("I am at the bus stop, don't stop helping me.");
    expect(call.published("call.opt_out")).toEqual([]);
  });
});

describe("a transfer", () => {
  test("is announced, told and made when the announcement was heard", () => {
    const call = DrivenCall.greeted();
    call.step({
      type: "transfer",
      to: "+250788000009",
      queue: "sales",
      reason: "asked",
    });
    expect(call.published("call.transfer")).toEqual([
      { to: "+250788000009", queue: "sales", reason: "asked" },
    ]);
    expect(call.said).toHaveLength(1);
    call.answer("r1", "announcement", 1_000);
    call.hearAll();
    expect(call.all("close_leg")).toEqual([
      {
        do: "close_leg",
        reason: "transfer",
        outcome: { kind: "transfer", to: "+250788000009" },
      },
    ]);
  });

  test("lets the agent finish what it is saying", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.speak(item, "r1", 1_000);
    call.step({ type: "transfer", to: "+250788000009", reason: "asked" });
    expect(call.all("clear_playback")).toEqual([]);
    call.finish("r1", item, "One moment.");
    expect(call.said).toHaveLength(1);
  });

  test("happens once", () => {
    const call = DrivenCall.greeted();
    for (let i = 0; i < 2; i++)
      call.step({ type: "transfer", to: "+250788000009", reason: "asked" });
    expect(call.published("call.transfer")).toHaveLength(1);
  });
});
