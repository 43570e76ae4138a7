import { describe, expect, test } from "@jest/globals";
import { DrivenCall } from "../testing/machine-fixture.js";

describe("the order of responses", () => {
  test("the greeting is asked for as soon as the model is ready, before the line is", () => {
    const call = new DrivenCall();
    call.step({ type: "model_ready" });
    expect(call.said).toEqual([
      "Muraho, you are speaking with the spare parts desk.",
    ]);
  });

  test("a second response waits until the first is done", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    call.model({
      type: "tool_called",
      responseId: "r1",
      callId: "t1",
      name: "fetch_lead",
      arguments: "{}",
    });
    call.step({
      type: "tool_finished",
      callId: "t1",
      name: "fetch_lead",
      outcome: { kind: "output", output: "{}" },
    });
    expect(call.all("add_tool_result")).toHaveLength(1);
    expect(call.all("create_response")).toEqual([]);
    call.finish("r1", item, "");
    expect(call.all("create_response")).toHaveLength(1);
  });

  test("two tools of one response are answered by one response, when both are done", () => {
    const call = DrivenCall.greeted();
    const item = call.begin("r1");
    for (const callId of ["t1", "t2"])
      call.model({
        type: "tool_called",
        responseId: "r1",
        callId,
        name: "fetch_lead",
        arguments: "{}",
      });
    call.finish("r1", item, "");
    const outcome = { kind: "output", output: "{}" } as const;
    call.step({
      type: "tool_finished",
      callId: "t1",
      name: "fetch_lead",
      outcome,
    });
    expect(call.all("create_response")).toEqual([]);
    call.step({
      type: "tool_finished",
      callId: "t2",
      name: "fetch_lead",
      outcome,
    });
    expect(call.all("create_response")).toHaveLength(1);
  });

  test("a tool call that the model tells three times runs once", () => {
    const call = DrivenCall.greeted();
    call.begin("r1");
    for (let i = 0; i < 3; i++)
      call.model({
        type: "tool_called",
        responseId: "r1",
        callId: "t1",
        name: "log_lead",
        arguments: "{}",
      });
    expect(call.all("run_tool")).toHaveLength(1);
  });

  test("a request that the model refuses, being busy, is made again", () => {
    const call = DrivenCall.live();
    const requestId = call.all("create_response")[0]?.request.requestId ?? "";
    // The model answered the caller at the same moment.
    const item = call.begin("r-own");
    call.model({
      type: "error",
      code: "conversation_already_has_active_response",
      message: "",
      requestId,
    });
    expect(call.all("create_response")).toHaveLength(1);
    call.finish("r-own", item, "Yes?");
    expect(call.all("create_response")).toHaveLength(2);
    expect(call.all("create_response")[1]?.request.requestId).toBe(requestId);
  });

  test("a response of the model's own does not pass for ours", () => {
    const call = DrivenCall.live();
    const item = call.begin("r-own", "some-other-request");
    call.finish("r-own", item, "Yes?");
    expect(call.all("create_response")).toHaveLength(2);
  });
});
