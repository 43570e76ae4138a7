import { describe, expect, test } from "@jest/globals";
import { emptyModelAudio } from "../../media/audio-slice.js";
import { scanAudioDelta } from "./audio-delta.js";

const event = {
  type: "response.output_audio.delta",
  event_id: "event_1",
  response_id: "resp_1",
  item_id: "item_1",
  output_index: 0,
  content_index: 0,
  delta: Buffer.alloc(400, 3).toString("base64"),
};

function scan(text: string): {
  result: string;
  out: ReturnType<typeof emptyModelAudio>;
} {
  const out = emptyModelAudio();
  return { result: scanAudioDelta(Buffer.from(text), out), out };
}

describe("finding the audio in a delta of the model", () => {
  test("gives audio, item and response as they stand", () => {
    const { result, out } = scan(JSON.stringify(event));
    expect(result).toBe("audio");
    expect(out.buffer.toString("latin1", out.start, out.end)).toBe(event.delta);
    expect(out.itemId).toBe("item_1");
    expect(out.responseId).toBe("resp_1");
  });

  test("finds them in any order of the keys", () => {
    const { delta, type, ...rest } = event;
    const { result, out } = scan(JSON.stringify({ type, delta, ...rest }));
    expect(result).toBe("audio");
    expect(out.itemId).toBe("item_1");
  });

  test("refuses what is not base64", () => {
    expect(scan(JSON.stringify({ ...event, delta: "AA!A" })).result).toBe(
      "malformed",
    );
  });

  test("is not fooled by the words in a transcript", () => {
    const spoof = {
      type: "response.output_audio_transcript.delta",
      delta: '"type":"response.output_audio.delta","delta":"AAAA"',
      item_id: "item_1",
      response_id: "resp_1",
    };
    expect(scan(JSON.stringify(spoof)).result).toBe("other");
  });
});
