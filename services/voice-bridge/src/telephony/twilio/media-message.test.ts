import { describe, expect, test } from "@jest/globals";
import { emptyAudioSlice } from "../../media/audio-slice.js";
import { scanMarkMessage, scanMediaMessage } from "./media-message.js";

function scan(text: string): { result: string; payload: string } {
  const out = emptyAudioSlice();
  const result = scanMediaMessage(Buffer.from(text), out);
  return { result, payload: out.buffer.toString("latin1", out.start, out.end) };
}

const media = (payload: string): string =>
  `{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"40","payload":"${payload}"},"streamSid":"MZ1"}`;

describe("finding the audio in Twilio's media message", () => {
  test("gives the payload as it stands", () => {
    const payload = Buffer.alloc(160, 0x7e).toString("base64");
    expect(scan(media(payload))).toEqual({ result: "media", payload });
  });

  test.each(["A", "AAAA=", "AA=A", "AAA*", 'AA\\"A', "AAAAA"])(
    "refuses %s, which is not base64",
    (payload) => {
      expect(scan(media(payload)).result).toBe("malformed");
    },
  );

  test("leaves everything else to the parser", () => {
    expect(
      scan('{"event": "media", "media": {"payload": "AAAA"}}').result,
    ).toBe("other");
    expect(
      scan('{"event":"mark","streamSid":"MZ1","mark":{"name":"m1"}}').result,
    ).toBe("other");
    expect(scan("").result).toBe("other");
    expect(scan("x".repeat(500)).result).toBe("other");
  });

  test("refuses a message that ends in the middle of its audio", () => {
    const whole = media("AAAA");
    const cut = whole.slice(0, whole.indexOf("AAAA") + 4);
    expect(scan(cut).result).toBe("malformed");
  });
});

describe("finding the name in a returned mark", () => {
  test("gives it as it stands", () => {
    const mark =
      '{"event":"mark","sequenceNumber":"7","streamSid":"MZ1","mark":{"name":"m42"}}';
    expect(scanMarkMessage(Buffer.from(mark))).toBe("m42");
  });

  test.each([
    '{"event": "mark", "mark": {"name": "m1"}}',
    '{"event":"mark","mark":{"name":"a\\"b"}}',
    '{"event":"mark","mark":{"name":"m1',
    '{"event":"media","media":{"payload":"AAAA"}}',
  ])("leaves %s to the parser", (message) => {
    expect(scanMarkMessage(Buffer.from(message))).toBeUndefined();
  });
});
