import { fileURLToPath } from "node:url";
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  jest,
  test,
} from "@jest/globals";
import { startApiServer, type ApiServer } from "@easymo/testbed";
import { providerFinalizer } from "../api/index.js";
import { composeRouting } from "../routing/compose.js";
import { Bench, eventually, type ComposeParts } from "../testing/bench.js";
import { FakeMeta } from "../testing/fake-meta.js";
import {
  FakeTwilio,
  newNumberSettings,
  twilioError,
} from "../testing/fake-twilio.js";
import { composeProvider, type ProviderSettings } from "./compose.js";

const crds = fileURLToPath(
  new URL("../../../../charts/operator/crds", import.meta.url),
);
const accountSid = "AC00000000000000000000000000000001";
const number = "+250780000001";
const phoneNumberId = "106540352242922";
const desk = {
  tenant: "kigali-parts",
  agentRef: { name: "sales" },
  twilio: { number },
};
const ours = {
  VoiceUrl: "https://voice.example/twilio/voice",
  VoiceMethod: "POST",
  StatusCallback: "https://voice.example/twilio/status",
  StatusCallbackMethod: "POST",
};
const programmed = { status: "True", reason: "Programmed" } as const;
const ready = { status: "True", reason: "Ready" } as const;

// A busy machine is no failure.
jest.setTimeout(300_000);

let server: ApiServer;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startApiServer({ manifests: [crds] });
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

afterAll(async () => {
  await server.close();
});

async function setUp(given: Partial<ProviderSettings> = {}) {
  const twilio = new FakeTwilio();
  twilio.addAccount(accountSid, "token");
  twilio.addNumber(accountSid, number);
  const meta = new FakeMeta({ accessToken: "token", verifyToken: "verify" });
  meta.overrides.set(phoneNumberId, "");
  for (const { api } of [twilio, meta]) {
    await api.start();
    stops.push(() => api.stop());
  }
  const composeWith =
    (settings: Partial<ProviderSettings>): ComposeParts =>
    (deps) => {
      const routing = composeRouting(deps, {
        namespace: deps.namespace,
        watchNamespace: deps.namespace,
        releaseName: "easymo",
        configMapName: "easymo-routing",
        resyncMs: 300_000,
      });
      const provider = composeProvider(deps, {
        urls: {
          voice: "https://voice.example",
          whatsapp: "https://bot.example",
        },
        defaults: {
          TWILIO_ACCOUNT_SID: accountSid,
          TWILIO_AUTH_TOKEN: "token",
          META_ACCESS_TOKEN: "token",
          META_VERIFY_TOKEN: "verify",
        },
        twilioApiUrl: twilio.api.url,
        graphApiUrl: `${meta.api.url}/v25.0`,
        checkMs: 300,
        resyncMs: 300_000,
        ...settings,
      });
      return [
        routing,
        ...provider.controllers.map((controller) => ({
          controller,
          informers: provider.informers,
        })),
      ];
    };
  const bench = await Bench.start(server, composeWith(given));
  stops.push(() => bench.close());
  await bench.apply("Agent", "sales", { instructions: "Sell parts." });
  await bench.until("Agent", "sales", "Ready", ready);
  return { bench, twilio, meta, composeWith };
}

async function withDesk(given: Partial<ProviderSettings> = {}) {
  const made = await setUp(given);
  await made.bench.apply("Channel", "desk", desk);
  await made.bench.until("Channel", "desk", "Ready", ready);
  return made;
}

async function secret(bench: Bench, data: Record<string, string>) {
  await bench.create("secrets", {
    metadata: { name: "carrier" },
    stringData: data,
  });
}

const withSecret = { ...desk, credentialsSecretRef: { name: "carrier" } };

describe("a number at Twilio", () => {
  test("is set to this release, and set back when its Channel goes", async () => {
    const { bench, twilio } = await withDesk();
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
    const { metadata, status } = await bench.channel("desk");
    expect(metadata.finalizers).toEqual([providerFinalizer]);
    expect(status).toMatchObject({
      webhookAddress: ours.VoiceUrl,
      programmedAddress: number,
    });
    const told = await bench.untilEvent("Channel", "desk", "Programmed");
    expect(told.note).toContain(
      `VoiceUrl from ${newNumberSettings.VoiceUrl ?? ""} to ${ours.VoiceUrl}`,
    );
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
    await bench.untilEvent("Channel", "desk", "TakenBack");
  });

  test("is asked about again and again, and written to once", async () => {
    const { twilio } = await withDesk();
    const { calls } = twilio.api;
    await eventually(
      () => calls.filter(({ method }) => method === "GET").length >= 4,
    );
    expect(twilio.writes).toHaveLength(1);
  });

  test("that somebody changed by hand is put right, and an event names the old and the new", async () => {
    const { bench, twilio } = await withDesk();
    const now = twilio.settings(accountSid, number);
    now.VoiceUrl = "https://elsewhere.example/voice";
    now.TrunkSid = "TK00000000000000000000000000000001";
    const told = await bench.untilEvent("Channel", "desk", "PutRight");
    expect(told.type).toBe("Warning");
    expect(told.note).toContain(
      `VoiceUrl from https://elsewhere.example/voice to ${ours.VoiceUrl}`,
    );
    expect(twilio.settings(accountSid, number)).toMatchObject({
      ...ours,
      TrunkSid: "",
    });
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
  });

  test("that somebody else has by now is left to them", async () => {
    const { bench, twilio } = await withDesk({ checkMs: 600_000 });
    Object.assign(twilio.settings(accountSid, number), {
      VoiceUrl: "https://elsewhere.example/voice",
      StatusCallback: "https://elsewhere.example/status",
    });
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    await bench.untilEvent("Channel", "desk", "LeftAsIs");
    expect(twilio.settings(accountSid, number).VoiceUrl).toBe(
      "https://elsewhere.example/voice",
    );
  });

  test("is not touched until somebody answers there", async () => {
    const { bench, twilio } = await setUp();
    await bench.apply("Channel", "desk", {
      ...desk,
      agentRef: { name: "nobody" },
    });
    await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "AgentNotFound",
    });
    await bench.until("Channel", "desk", "Programmed", {
      status: "False",
      reason: "NotAccepted",
    });
    expect(twilio.api.calls).toEqual([]);
    await bench.apply("Agent", "nobody", {});
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
  });

  test("goes from one Channel to another without being undone in between", async () => {
    const { bench, twilio } = await withDesk();
    await bench.untilOlder("desk");
    await bench.apply("Channel", "renamed", desk);
    await bench.until("Channel", "renamed", "Ready", {
      status: "False",
      reason: "AddressInUse",
    });
    await bench.remove("Channel", "desk");
    await bench.until("Channel", "renamed", "Ready", ready);
    await bench.untilGone("Channel", "desk");
    await bench.untilEvent("Channel", "desk", "HandedOver");
    expect(twilio.writes).toHaveLength(1);
    await bench.remove("Channel", "renamed");
    await bench.untilGone("Channel", "renamed");
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
  });

  test("is set again for a Channel that is made again", async () => {
    const { bench, twilio } = await withDesk();
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    await bench.apply("Channel", "desk", desk);
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
  });

  test("is set back when the Channel is given another", async () => {
    const { bench, twilio } = await withDesk();
    const other = "+250780000002";
    twilio.addNumber(accountSid, other);
    await bench.apply("Channel", "desk", {
      ...desk,
      twilio: { number: other },
    });
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.settings(accountSid, other)).toMatchObject(ours);
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
    expect((await bench.channel("desk")).status?.programmedAddress).toBe(other);
  });

  test("follows the release to another public address, and is still set back to what it was at first", async () => {
    const { bench, twilio, composeWith } = await withDesk();
    await bench.stopOperator();
    await bench.startOperator(
      composeWith({
        urls: { voice: "https://moved.example", whatsapp: undefined },
      }),
    );
    await eventually(
      () =>
        twilio.settings(accountSid, number).VoiceUrl ===
        "https://moved.example/twilio/voice",
    );
    await eventually(async () => {
      const { status } = await bench.channel("desk");
      return status?.webhookAddress === "https://moved.example/twilio/voice";
    });
    const events = await bench.events("Channel", "desk");
    expect(events.map(({ reason }) => reason)).not.toContain("PutRight");
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
  });

  test("is not asked about when its Channel is given to another tenant", async () => {
    const { bench, twilio } = await withDesk({ checkMs: 600_000 });
    const asked = twilio.api.calls.length;
    await bench.apply("Channel", "desk", { ...desk, tenant: "musanze" });
    await bench.until("Channel", "desk", "Programmed", programmed);
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.api.calls).toHaveLength(asked);
  });

  test("of a suspended Channel is left alone until it is resumed", async () => {
    const { bench, twilio } = await withDesk();
    await bench.patchResource("Channel", "desk", { spec: { suspended: true } });
    await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "Suspended",
    });
    await bench.until("Channel", "desk", "Programmed", {
      status: "False",
      reason: "Suspended",
    });
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
    twilio.settings(accountSid, number).VoiceUrl = "https://own.example";
    await bench.patchResource("Channel", "desk", {
      spec: { suspended: false },
    });
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
  });
});

describe("trouble with credentials and numbers", () => {
  test("a Secret that is missing, wrong, then right", async () => {
    const { bench, twilio } = await setUp();
    await bench.apply("Channel", "desk", withSecret);
    const missing = await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "CredentialsMissing",
    });
    expect(missing.message).toContain("There is no Secret carrier");
    await secret(bench, {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: "wrong-token",
    });
    const rejected = await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "CredentialsRejected",
    });
    expect(rejected.message).not.toContain("wrong-token");
    await bench.untilEvent("Channel", "desk", "CredentialsRejected");
    await bench.patch("secrets/carrier", {
      stringData: { TWILIO_AUTH_TOKEN: "token\n" },
    });
    await bench.until("Channel", "desk", "Ready", ready);
    expect(twilio.settings(accountSid, number)).toMatchObject(ours);
    expect(bench.lines.join("")).not.toContain("wrong-token");
  });

  test("rejected credentials are not tried over and over", async () => {
    const { bench, twilio } = await setUp({ checkMs: 600_000 });
    twilio.addAccount(accountSid, "another-token");
    const first = ["a", "b", "c"];
    for (const [at, name] of first.entries())
      await bench.apply("Channel", name, {
        ...desk,
        twilio: { number: `+25078000001${at}` },
      });
    for (const name of first)
      await bench.until("Channel", name, "Ready", {
        status: "False",
        reason: "CredentialsRejected",
      });
    // Three that began together at most; whoever comes later is told without asking.
    const asked = twilio.api.calls.length;
    await bench.apply("Channel", "d", {
      ...desk,
      twilio: { number: "+250780000019" },
    });
    await bench.until("Channel", "d", "Ready", {
      status: "False",
      reason: "CredentialsRejected",
    });
    expect(asked).toBeLessThanOrEqual(3);
    expect(twilio.api.calls).toHaveLength(asked);
  });

  test("a number that is not the account's, until it is", async () => {
    const { bench, twilio } = await setUp();
    twilio.removeNumber(accountSid, number);
    await bench.apply("Channel", "desk", desk);
    const { message } = await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "NumberNotFound",
    });
    expect(message).toContain(number);
    twilio.addNumber(accountSid, number);
    await bench.until("Channel", "desk", "Ready", ready);
  });

  test("no public address to set", async () => {
    const { bench, twilio } = await setUp({
      urls: { voice: undefined, whatsapp: undefined },
    });
    await bench.apply("Channel", "desk", desk);
    const { message } = await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "PublicUrlMissing",
    });
    expect(message).toContain("VOICE_PUBLIC_URL");
    expect(twilio.api.calls).toEqual([]);
  });
});

describe("a provider that is away", () => {
  test("is tried again until it is back", async () => {
    const { bench, twilio } = await setUp();
    twilio.api.failWith(twilioError(503, 20_503, "Unavailable"));
    await bench.apply("Channel", "desk", desk);
    await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "ProviderUnreachable",
    });
    twilio.api.recover();
    await bench.until("Channel", "desk", "Programmed", programmed);
    await bench.until("Channel", "desk", "Ready", ready);
  });

  test("leaves what was set in doubt, not in ruins, and a dropped request leaves it in nothing", async () => {
    const { bench, twilio } = await withDesk();
    let failures = 0;
    twilio.api.failWith(() => {
      failures += 1;
      return failures === 1 ? twilioError(500, 20_500, "Oops") : undefined;
    });
    await eventually(() => failures >= 2);
    const events = await bench.events("Channel", "desk");
    expect(events.map(({ reason }) => reason)).not.toContain(
      "ProviderUnreachable",
    );
    await twilio.api.stop();
    const { message } = await bench.until("Channel", "desk", "Ready", {
      status: "Unknown",
      reason: "ProviderUnreachable",
    });
    expect(message).toContain("should still hold");
    twilio.api.recover();
    await twilio.api.start();
    await bench.until("Channel", "desk", "Ready", ready);
  });

  test("that asks to be left alone is, by all of the account's numbers", async () => {
    const { bench, twilio } = await setUp();
    twilio.api.failWith(
      twilioError(429, 20_429, "Too Many Requests", { "retry-after": "3600" }),
    );
    await bench.apply("Channel", "desk", desk);
    await bench.until("Channel", "desk", "Ready", {
      status: "False",
      reason: "ProviderUnreachable",
    });
    await bench.apply("Channel", "second", {
      ...desk,
      twilio: { number: "+250780000002" },
    });
    await bench.until("Channel", "second", "Ready", {
      status: "False",
      reason: "ProviderUnreachable",
    });
    expect(twilio.api.calls).toHaveLength(1);
  });

  test("does not keep a Channel from going for ever", async () => {
    const { bench, twilio } = await withDesk({ giveUpAfterMs: 2_000 });
    await twilio.api.stop();
    await bench.remove("Channel", "desk");
    await bench.untilGone("Channel", "desk");
    const told = await bench.untilEvent("Channel", "desk", "LeftBehind");
    expect(told.type).toBe("Warning");
    expect(told.note).toContain(number);
  });

  test("and comes back while a Channel goes, is set back", async () => {
    const { bench, twilio } = await withDesk();
    twilio.api.failWith(twilioError(503, 20_503, "Unavailable"));
    const asked = twilio.api.calls.length;
    await bench.remove("Channel", "desk");
    await eventually(() => twilio.api.calls.length > asked);
    twilio.api.recover();
    await bench.untilGone("Channel", "desk");
    expect(twilio.settings(accountSid, number)).toEqual(newNumberSettings);
  });

  test.each([
    ["is gone", true],
    ["is wrong by now", false],
  ])("is not waited for when the Secret %s", async (_, isGone) => {
    const { bench, composeWith } = await setUp();
    await secret(bench, {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_AUTH_TOKEN: "token",
    });
    await bench.apply("Channel", "desk", withSecret);
    await bench.until("Channel", "desk", "Ready", ready);
    await bench.stopOperator();
    if (isGone) await bench.removeCore("secrets/carrier");
    else
      await bench.patch("secrets/carrier", {
        stringData: { TWILIO_AUTH_TOKEN: "wrong" },
      });
    await bench.remove("Channel", "desk");
    await bench.startOperator(composeWith({}));
    await bench.untilGone("Channel", "desk");
    await bench.untilEvent("Channel", "desk", "LeftBehind");
  });
});

describe("a number at Meta", () => {
  const bot = {
    tenant: "kigali-parts",
    agentRef: { name: "sales" },
    whatsapp: { phoneNumberId },
  };

  test("gets this release's webhook, is put right, and loses it with its Channel", async () => {
    const { bench, meta } = await setUp();
    await bench.apply("Channel", "bot", bot);
    await bench.until("Channel", "bot", "Ready", ready);
    expect(meta.overrides.get(phoneNumberId)).toBe(
      "https://bot.example/webhook",
    );
    expect((await bench.channel("bot")).status?.webhookAddress).toBe(
      "https://bot.example/webhook",
    );
    meta.overrides.set(phoneNumberId, "https://elsewhere.example/hook");
    await bench.untilEvent("Channel", "bot", "PutRight");
    await bench.remove("Channel", "bot");
    await bench.untilGone("Channel", "bot");
    expect(meta.overrides.get(phoneNumberId)).toBe("");
  });

  test("that could not verify the address says so, until it can", async () => {
    const { bench, meta } = await setUp();
    meta.verifyToken = "not yet";
    await bench.apply("Channel", "bot", bot);
    const { message } = await bench.until("Channel", "bot", "Ready", {
      status: "False",
      reason: "ProviderRefused",
    });
    expect(message).toContain("Callback verification failed");
    meta.verifyToken = "verify";
    await bench.until("Channel", "bot", "Ready", ready);
  });
});

test("SIP needs no provider", async () => {
  const { bench, twilio, meta } = await setUp();
  await bench.apply("Channel", "trunk", {
    tenant: "kigali-parts",
    agentRef: { name: "sales" },
    sip: { trunk: "kigali.example" },
  });
  await bench.until("Channel", "trunk", "Programmed", {
    status: "True",
    reason: "NotNeeded",
  });
  await bench.until("Channel", "trunk", "Ready", ready);
  expect((await bench.channel("trunk")).metadata.finalizers).toEqual([]);
  expect([...twilio.api.calls, ...meta.api.calls]).toEqual([]);
});
