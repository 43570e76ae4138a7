import { describe, expect, test } from "@jest/globals";
import { heardLength, Transcript } from "../../console/src/transcript.js";
import type { FeedEntry } from "../../console/src/wire.js";

function event(type: string, data: Record<string, unknown>): FeedEntry {
  return {
    sequence: 1,
    topic: "voice.media.events",
    partition: 0,
    offset: "0",
    key: "CA1",
    timestampMs: 0,
    headers: { ce_type: type },
    data: { callId: "CA1", ...data },
  };
}

function said(role: "user" | "assistant", itemId: string, text: string) {
  return event("media.transcript", { role, itemId, text, interrupted: false });
}

function wordsOf(transcript: Transcript): string[] {
  return transcript.lines.map((line) =>
    line.kind === "speech" ? `${line.speaker}: ${line.text}` : line.kind,
  );
}

describe("the transcript", () => {
  test("has what both sides said, in order", () => {
    const transcript = new Transcript();
    transcript.apply(said("assistant", "a", "Muraho."));
    transcript.apply(said("user", "b", "I need brake pads"));
    expect(wordsOf(transcript)).toEqual([
      "agent: Muraho.",
      "caller: I need brake pads",
    ]);
  });

  test("shows what is typed at once, and then what the agent understood", () => {
    const transcript = new Transcript();
    transcript.callerSays("I need brake pads");
    expect(transcript.lines).toMatchObject([{ pending: true }]);
    transcript.apply(said("user", "b", "I need brake pads."));
    expect(transcript.lines).toMatchObject([
      { pending: false, text: "I need brake pads." },
    ]);
  });

  test("puts words that were interrupted before what interrupted them", () => {
    const transcript = new Transcript();
    transcript.callerSays("Wait, please.");
    transcript.apply(
      event("media.transcript", {
        role: "assistant",
        itemId: "a",
        text: "Muraho, how can I help?",
        interrupted: true,
        heardMs: 200,
      }),
    );
    expect(wordsOf(transcript)).toEqual([
      "agent: Muraho, how can I help?",
      "caller: Wait, please.",
    ]);
  });

  test("cuts interrupted words where the sound was cut, once that is known", () => {
    const transcript = new Transcript();
    transcript.apply(
      event("media.transcript", {
        role: "assistant",
        itemId: "a",
        text: "one two three four",
        interrupted: true,
        heardMs: 1000,
      }),
    );
    transcript.apply(
      event("media.turn", { itemId: "a", audioMs: 2000, heardMs: 1000 }),
    );
    expect(transcript.lines).toMatchObject([
      { text: "one two three four", cut: "three four" },
    ]);
  });

  test("takes all of it for unheard when nothing was heard", () => {
    const transcript = new Transcript();
    transcript.apply(
      event("media.transcript", {
        role: "assistant",
        itemId: "a",
        text: "never heard",
        interrupted: true,
        heardMs: 0,
      }),
    );
    expect(transcript.lines).toMatchObject([{ cut: "never heard" }]);
  });

  test("shows payment codes, keys, opt-outs and transfers", () => {
    const transcript = new Transcript();
    transcript.apply(
      event("call.payment_prompt", { ussd: "*182#", spoken: "Dial star" }),
    );
    transcript.apply(event("call.dtmf", { digit: "*" }));
    transcript.apply(event("call.opt_out", { via: "dtmf", phrase: "9" }));
    transcript.apply(event("call.transfer", { to: "+250788000009" }));
    expect(transcript.lines).toMatchObject([
      { kind: "payment", code: "*182#", spoken: "Dial star" },
      { kind: "note", text: "Pressed *" },
      { kind: "note", text: expect.stringContaining("Opted out by a key") },
      { kind: "note", text: "Transferred to +250788000009" },
    ]);
  });
});

describe("how much of a text was heard", () => {
  test.each([
    [0, ""],
    [0.5, "one two "],
    [0.39, "one two"],
    [0.2, "one"],
    [0.1, ""],
    [1, "one two three four"],
    [2, "one two three four"],
  ])("when %p of its sound was: %p", (part, heard) => {
    const text = "one two three four";
    expect(text.slice(0, heardLength(text, part))).toBe(heard);
  });
});
