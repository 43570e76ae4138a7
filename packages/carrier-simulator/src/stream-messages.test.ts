import { describe, expect, test } from "@jest/globals";
import { ServerMessageReader } from "./stream-messages.js";

const reader = new ServerMessageReader("MZ1");
const payload = Buffer.from([0, 127, 255, 62, 63]).toString("base64");

describe("a message of the stream's server", () => {
  test("is read whatever order its fields are in", () => {
    const media = { event: "media", audio: Buffer.from(payload, "base64") };
    for (const text of [
      `{"event":"media","streamSid":"MZ1","media":{"payload":"${payload}"}}`,
      `{"streamSid":"MZ1","event":"media","media":{"payload":"${payload}"}}`,
      `{ "event": "media", "media": { "payload": "${payload}" }, "streamSid": "MZ1" }`,
      `{"event":"media","streamSid":"MZ1","media":{"payload":"${payload.replaceAll("/", "\\/")}"}}`,
    ]) {
      expect(reader.read(text)).toEqual(media);
    }
  });

  test("may be a mark or a clear", () => {
    expect(
      reader.read('{"event":"mark","streamSid":"MZ1","mark":{"name":"a"}}'),
    ).toEqual({ event: "mark", name: "a" });
    expect(reader.read('{"event":"clear","streamSid":"MZ1"}')).toEqual({
      event: "clear",
    });
  });

  test.each([
    ["it is not JSON", "{"],
    ["it is of another stream", '{"event":"clear","streamSid":"MZ2"}'],
    ["it names no stream", '{"event":"clear"}'],
    ["its event is unknown", '{"event":"sing","streamSid":"MZ1"}'],
    ["its mark has no name", '{"event":"mark","streamSid":"MZ1","mark":{}}'],
    ["it has a field too many", '{"event":"clear","streamSid":"MZ1","x":1}'],
    [
      "its payload is not base64",
      '{"event":"media","streamSid":"MZ1","media":{"payload":"%%%"}}',
    ],
  ])("is refused when %s", (_why, text) => {
    expect(typeof reader.read(text)).toBe("string");
  });
});
