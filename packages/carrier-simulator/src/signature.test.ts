import { describe, expect, test } from "@jest/globals";
import twilio from "twilio";
import { signRequest } from "./signature.js";

const token = "12345";

describe("a signature", () => {
  test("is the one that Twilio's own package accepts", () => {
    const url = "https://voice.example/twilio/voice?a=1&b=%20x";
    const parameters = {
      To: "+250780000001",
      CallSid: "CA1",
      From: "+250788123456",
      Digits: "",
      Name: "Ümit & Söhne",
    };
    const signature = signRequest(token, url, parameters);
    expect(twilio.validateRequest(token, signature, url, parameters)).toBe(
      true,
    );
  });

  test("is refused when anything that was signed has changed", () => {
    const url = "https://voice.example/twilio/voice";
    const signature = signRequest(token, url, { To: "+250780000001" });
    for (const [otherUrl, to] of [
      [url, "+250780000002"],
      [`${url}/`, "+250780000001"],
    ] as const) {
      const accepted = twilio.validateRequest(token, signature, otherUrl, {
        To: to,
      });
      expect(accepted).toBe(false);
    }
  });

  test("of a media socket is over its wss address alone", () => {
    const url = "wss://voice.example/twilio-media";
    const signature = signRequest(token, url);
    expect(twilio.validateRequest(token, signature, url, {})).toBe(true);
  });
});
