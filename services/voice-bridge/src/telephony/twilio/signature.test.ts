import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { expect, test } from "@jest/globals";
import twilio from "twilio";
import { isSignedUpgrade, isSignedWebhook } from "./signature.js";

const publicUrl = new URL("https://voice.example.com/bridge/");
const address = "https://voice.example.com/bridge/twilio/voice";
const form = { CallSid: "CA1", To: "+250780000001" };
const settings = { authTokens: ["our-token", "their-token"], publicUrl };

function signedBy(token: string, what = address) {
  return {
    path: "/twilio/voice",
    signature: twilio.getExpectedTwilioSignature(token, what, form),
  };
}

test("a webhook is taken when any of the accounts signed it", () => {
  expect(isSignedWebhook(settings, signedBy("our-token"), form)).toBe(true);
  expect(isSignedWebhook(settings, signedBy("their-token"), form)).toBe(true);
});

test("a webhook is refused when nobody known signed it, or signed something else", () => {
  expect(isSignedWebhook(settings, signedBy("a-stranger's"), form)).toBe(false);
  expect(
    isSignedWebhook(settings, signedBy("our-token", `${address}?more=1`), form),
  ).toBe(false);
  expect(
    isSignedWebhook(settings, signedBy("our-token"), { ...form, To: "+1" }),
  ).toBe(false);
  expect(
    isSignedWebhook(
      settings,
      { path: "/twilio/voice", signature: undefined },
      form,
    ),
  ).toBe(false);
});

test("without a token nothing is taken", () => {
  const none = { authTokens: [], publicUrl };
  expect(isSignedWebhook(none, signedBy("our-token"), form)).toBe(false);
  expect(isSignedWebhook(none, signedBy(""), form)).toBe(false);
});

test("a socket is let in by the signature of any account over its wss address", async () => {
  const wss = "wss://voice.example.com/bridge/twilio-media";
  const verdict = (token: string) =>
    upgradeVerdict(twilio.getExpectedTwilioSignature(token, wss, {}));
  expect(await verdict("our-token")).toBe(true);
  expect(await verdict("their-token")).toBe(true);
  expect(await verdict("a-stranger's")).toBe(false);
});

test.each(["https:", "ws:"])(
  "a socket is not let in by a signature over its %s address",
  async (scheme) => {
    const other = `${scheme}//voice.example.com/bridge/twilio-media`;
    expect(
      await upgradeVerdict(
        twilio.getExpectedTwilioSignature("our-token", other, {}),
      ),
    ).toBe(false);
  },
);

/** What is said of a request with this signature that came over a real socket. */
async function upgradeVerdict(signature: string): Promise<boolean> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (bound === null || typeof bound === "string")
    throw new Error("The server listens on no port.");
  const verdict = new Promise<boolean>((resolve) => {
    server.on("request", (request: IncomingMessage, response) => {
      resolve(isSignedUpgrade(settings, request));
      response.end();
    });
  });
  await fetch(`http://127.0.0.1:${bound.port}/twilio-media`, {
    headers: { "x-twilio-signature": signature },
  });
  server.close();
  return verdict;
}
