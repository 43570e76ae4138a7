import { describe, expect, test } from "@jest/globals";
import { emptyAudioSlice } from "../../media/audio-slice.js";
import { scanMarkMessage, scanMediaMessage } from "./media-message.js";

function scan(text: string): { result: string; payload: string } {
  const out = emptyAudioSlice();
  const message = Buffer.from(text);
  const result = scanMediaMessage(message, 0, message.length, out);
  return { result, payload: out.buffer.toString("latin1", out.start, out.end) };
}

const media = (payload: string): string =>
  `{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"40","payload":"${payload}"},"streamSid":"MZ1"}`;

function scanMark(text: string): string | undefined {
  const message = Buffer.from(text);
  return scanMarkMessage(message, 0, message.length);
}

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

describe("finding audio in a message among others", () => {
  test("gives what is the message's own", () => {
    const before = media("AAAA");
    const payload = Buffer.alloc(160, 0x55).toString("base64");
    const own = media(payload);
    const all = Buffer.from(before + own + media("BBBB"));
    const out = emptyAudioSlice();
    const [start, end] = [before.length, before.length + own.length];
    expect(scanMediaMessage(all, start, end, out)).toBe("media");
    expect(all.toString("latin1", out.start, out.end)).toBe(payload);
  });

  test("does not look into the next one", () => {
    const bare = `{"event":"media","sequenceNumber":"4","streamSid":"MZ1"}`;
    const all = Buffer.from(bare + media("AAAA"));
    const out = emptyAudioSlice();
    expect(scanMediaMessage(all, 0, bare.length, out)).toBe("other");
    const cut = media("AAAA").slice(0, -'"},"streamSid":"MZ1"}'.length);
    expect(scanMediaMessage(Buffer.from(`${cut}"`), 0, cut.length, out)).toBe(
      "malformed",
    );
  });
});

describe("finding the name in a returned mark", () => {
  test("gives it as it stands", () => {
    const mark =
      '{"event":"mark","sequenceNumber":"7","streamSid":"MZ1","mark":{"name":"m42"}}';
    expect(scanMark(mark)).toBe("m42");
  });

  test.each([
    '{"event": "mark", "mark": {"name": "m1"}}',
    '{"event":"mark","mark":{"name":"a\\"b"}}',
    '{"event":"mark","mark":{"name":"m1',
    '{"event":"media","media":{"payload":"AAAA"}}',
  ])("leaves %s to the parser", (message) => {
    expect(scanMark(message)).toBeUndefined();
  });
});
