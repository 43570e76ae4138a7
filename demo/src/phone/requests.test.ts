import { describe, expect, test } from "@jest/globals";
import { readPhoneRequest } from "./requests.js";

describe("what a page asks of its telephone", () => {
  test.each([
    { type: "dial", from: "+250788123456", to: "+250780000001" },
    { type: "say", text: "Muraho", language: "rw" },
    { type: "interrupt", language: "fr" },
    { type: "press", digit: "#" },
    { type: "hangup" },
  ])("is understood: $type", (request) => {
    expect(readPhoneRequest(JSON.stringify(request))).toEqual(request);
  });

  test.each([
    ["{", "The message is not JSON."],
    ['{"type":"dial","from":"12","to":"+250780000001"}', /^from is no tele/],
    ['{"type":"say","text":"  ","language":"en"}', /^text /],
    ['{"type":"say","text":"hello","language":"de"}', /^language /],
    ['{"type":"press","digit":"12"}', /^digit /],
    ['{"type":"answer","callId":"../.."}', /^callId /],
    ['{"type":"sing"}', /^type /],
  ])("is refused with what is wrong: %s", (text, problem) => {
    const answer = readPhoneRequest(text);
    expect(answer).toEqual(
      typeof problem === "string" ? problem : expect.stringMatching(problem),
    );
  });
});
