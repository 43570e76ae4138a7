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
  const message = Buffer.from(text);
  return { result: scanAudioDelta(message, 0, message.length, out), out };
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

  test("tells ids that have changed from those that have not", () => {
    const out = emptyModelAudio();
    const read = (change: object): string[] => {
      const message = Buffer.from(JSON.stringify({ ...event, ...change }));
      scanAudioDelta(message, 0, message.length, out);
      return [out.itemId, out.responseId];
    };
    expect(read({})).toEqual(["item_1", "resp_1"]);
    expect(read({})).toEqual(["item_1", "resp_1"]);
    expect(read({ item_id: "item_2" })).toEqual(["item_2", "resp_1"]);
    expect(read({ response_id: "resp_22" })).toEqual(["item_1", "resp_22"]);
  });

  test("does not look into the next message", () => {
    const { delta: _, ...bare } = event;
    const own = JSON.stringify(bare);
    const all = Buffer.from(own + JSON.stringify(event));
    expect(scanAudioDelta(all, 0, own.length, emptyModelAudio())).toBe("other");
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
