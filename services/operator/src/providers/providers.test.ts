import { afterEach, describe, expect, test } from "@jest/globals";
import { FakeMeta, metaError } from "../testing/fake-meta.js";
import type { FakeAnswer } from "../testing/fake-http-api.js";
import { FakeTwilio, twilioError } from "../testing/fake-twilio.js";
import { createMeta, metaSettings } from "./meta.js";
import { ProviderError } from "./provider.js";
import { createTwilio, twilioSettings } from "./twilio.js";

const accountSid = "AC00000000000000000000000000000001";
const number = "+250780000001";
const now = () => Date.parse("2026-05-01T12:00:00Z");
const { signal } = new AbortController();
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function twilio(
  options: { authToken?: string; timeoutMs?: number } = {},
) {
  const fake = new FakeTwilio();
  fake.addAccount(accountSid, "token");
  await fake.api.start();
  stops.push(() => fake.api.stop());
  const provider = createTwilio({
    accountSid,
    authToken: options.authToken ?? "token",
    apiUrl: `${fake.api.url}/`,
    timeoutMs: options.timeoutMs ?? 30_000,
    now,
  });
  return { fake, provider };
}

async function meta(accessToken = "token") {
  const fake = new FakeMeta({ accessToken: "token", verifyToken: "verify" });
  await fake.api.start();
  stops.push(() => fake.api.stop());
  const provider = createMeta({
    accessToken,
    verifyToken: "verify",
    apiUrl: `${fake.api.url}/v25.0`,
    timeoutMs: 30_000,
    now,
  });
  return { fake, provider };
}

async function problem(attempt: Promise<unknown>): Promise<ProviderError> {
  const outcome = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof ProviderError) return outcome;
  throw new Error("The provider was expected to refuse.");
}

describe("Twilio", () => {
  test("finds the number of exactly that address among those that look alike", async () => {
    const { fake, provider } = await twilio();
    fake.addNumber(accountSid, `${number}99`);
    fake.addNumber(accountSid, number, { VoiceUrl: "https://old.example/" });
    const found = await provider.find(number, signal);
    expect(found.settings).toMatchObject({
      VoiceUrl: "https://old.example/",
      VoiceApplicationSid: "",
      TrunkSid: "",
    });
  });

  test("sets a number's addresses and takes it out of an application and a trunk", async () => {
    const { fake, provider } = await twilio();
    fake.addNumber(accountSid, number, { TrunkSid: "TK1" });
    const wanted = twilioSettings({
      voice: "https://voice.example/twilio/voice",
      status: "https://voice.example/twilio/status",
    });
    await provider.write(await provider.find(number, signal), wanted, signal);
    expect(fake.settings(accountSid, number)).toEqual(wanted);
    expect((await provider.find(number, signal)).settings).toEqual(wanted);
  });

  test("says that the account has no such number", async () => {
    const { provider } = await twilio();
    const error = await problem(provider.find(number, signal));
    expect(error.reason).toBe("NumberNotFound");
    expect(error.message).toBe(
      `The Twilio account ${accountSid} has no number ${number}.`,
    );
  });

  test("says that the credentials are wrong, without showing them", async () => {
    const { provider } = await twilio({ authToken: "not-the-token" });
    const error = await problem(provider.find(number, signal));
    expect(error.reason).toBe("CredentialsRejected");
    expect(error.message).toContain("code 20003");
    expect(error.message).not.toContain("not-the-token");
  });

  test.each<[string, FakeAnswer, string, number | undefined]>([
    [
      "too many requests",
      twilioError(429, 20_429, "Too Many Requests", { "retry-after": "7" }),
      "ProviderUnreachable",
      7_000,
    ],
    [
      "too many requests until a date",
      twilioError(429, 20_429, "Too Many Requests", {
        "retry-after": "Fri, 01 May 2026 12:00:30 GMT",
      }),
      "ProviderUnreachable",
      30_000,
    ],
    [
      "a wait without end",
      twilioError(503, 20_503, "Unavailable", { "retry-after": "999999" }),
      "ProviderUnreachable",
      3_600_000,
    ],
    ["its own trouble", { status: 500 }, "ProviderUnreachable", undefined],
    [
      "an address that it does not take",
      twilioError(400, 21_402, "Invalid Url"),
      "ProviderRefused",
      undefined,
    ],
    [
      "something else altogether",
      { status: 200, body: { hello: "world" } },
      "ProviderUnreachable",
      undefined,
    ],
  ])("tells %s apart", async (_, answer, reason, retryAfterMs) => {
    const { fake, provider } = await twilio();
    fake.api.failWith(answer);
    const error = await problem(provider.find(number, signal));
    expect(error).toMatchObject({ reason, retryAfterMs });
  });

  test("does not wait for ever, nor for a provider that is gone", async () => {
    const { fake, provider } = await twilio({ timeoutMs: 100 });
    fake.api.failWith("hang");
    const late = await problem(provider.find(number, signal));
    expect(late).toMatchObject({ reason: "ProviderUnreachable" });
    await fake.api.stop();
    const gone = await problem(provider.find(number, signal));
    expect(gone).toMatchObject({ reason: "ProviderUnreachable" });
  });

  test("does not carry its credentials to where it is redirected", async () => {
    const { fake, provider } = await twilio();
    const elsewhere = await meta();
    fake.api.failWith({
      status: 307,
      headers: { location: `${elsewhere.fake.api.url}/x` },
    });
    const error = await problem(provider.find(number, signal));
    expect(error.reason).toBe("ProviderUnreachable");
    expect(elsewhere.fake.api.calls).toEqual([]);
  });
});

describe("Meta", () => {
  const id = "106540352242922";
  const address = "https://bot.example/webhook";

  test("sets and takes away a number's own webhook address", async () => {
    const { fake, provider } = await meta();
    fake.overrides.set(id, "");
    const found = await provider.find(id, signal);
    expect(found).toEqual({ id, settings: metaSettings("") });
    await provider.write(found, metaSettings(address), signal);
    expect((await provider.find(id, signal)).settings).toEqual(
      metaSettings(address),
    );
    await provider.write(found, metaSettings(""), signal);
    expect(fake.overrides.get(id)).toBe("");
  });

  test("says that the address could not be verified", async () => {
    const { fake, provider } = await meta();
    fake.overrides.set(id, "");
    fake.verifyToken = "another";
    const error = await problem(
      provider.write({ id, settings: {} }, metaSettings(address), signal),
    );
    expect(error.reason).toBe("ProviderRefused");
    expect(error.message).toContain("Callback verification failed");
  });

  test("says that the token is wrong, without showing it", async () => {
    const { provider } = await meta("not-the-token");
    const error = await problem(provider.find(id, signal));
    expect(error.reason).toBe("CredentialsRejected");
    expect(error.message).not.toContain("not-the-token");
  });

  test("says that there is no such number", async () => {
    const { provider } = await meta();
    const error = await problem(provider.find(id, signal));
    expect(error.reason).toBe("NumberNotFound");
  });

  test.each<[number, number, string]>([
    [400, 4, "ProviderUnreachable"],
    [400, 80_007, "ProviderUnreachable"],
    [403, 10, "CredentialsRejected"],
    [403, 200, "CredentialsRejected"],
    [400, 100, "ProviderRefused"],
    [503, 2, "ProviderUnreachable"],
  ])("HTTP %s with code %s is %s", async (status, code, reason) => {
    const { fake, provider } = await meta();
    fake.api.failWith(metaError(status, code, "no"));
    expect((await problem(provider.find(id, signal))).reason).toBe(reason);
  });

  test("waits as long as Meta says that its limit lasts", async () => {
    const { fake, provider } = await meta();
    fake.api.failWith({
      status: 400,
      headers: {
        "x-business-use-case-usage": JSON.stringify({
          "1": [{ type: "messaging", estimated_time_to_regain_access: 3 }],
        }),
      },
      body: { error: { code: 80_007, message: "limit" } },
    });
    expect(await problem(provider.find(id, signal))).toMatchObject({
      retryAfterMs: 180_000,
    });
  });
});
