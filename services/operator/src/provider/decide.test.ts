import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { metaSettings } from "../providers/meta.js";
import type { NumberSettings } from "../providers/provider.js";
import {
  decideProgramming,
  decideRelease,
  isEqual,
  type Programming,
  type ProgrammingStep,
} from "./decide.js";
import type { ProviderMemory } from "./memory.js";
import { targetOf, type Target } from "./target.js";
import { channelForTest } from "../testing/resources.js";

const urls = {
  voice: "https://voice.example/",
  whatsapp: "https://bot.example/base",
};

function targetFor(spec: Record<string, unknown> = {}): Target {
  const found = targetOf(channelForTest({}, spec).spec, urls);
  if (found.kind !== "target") throw new Error("It has a target.");
  return found.target;
}

const target = targetFor();
const old: NumberSettings = {
  VoiceUrl: "https://user:pass@old.example/voice?key=secret",
  VoiceMethod: "GET",
  StatusCallback: "",
  StatusCallbackMethod: "POST",
  VoiceApplicationSid: "",
  TrunkSid: "",
};
const remembered: ProviderMemory = {
  kind: "twilio",
  address: target.address,
  before: old,
  ours: target.wanted,
};

function programming(
  observed: NumberSettings,
  known: Partial<Programming> = {},
): ProgrammingStep {
  return decideProgramming({
    target,
    observed,
    own: undefined,
    inherited: undefined,
    wasProgrammed: false,
    ...known,
  });
}

describe("what a number should be set to", () => {
  test("is the bridge's addresses, for a Twilio number", () => {
    expect(target).toEqual({
      kind: "twilio",
      address: "+250780000001",
      webhookAddress: "https://voice.example/twilio/voice",
      wanted: {
        VoiceUrl: "https://voice.example/twilio/voice",
        VoiceMethod: "POST",
        StatusCallback: "https://voice.example/twilio/status",
        StatusCallbackMethod: "POST",
        VoiceApplicationSid: "",
        TrunkSid: "",
      },
    });
  });

  test("is the bot's webhook, for a WhatsApp number", () => {
    expect(targetFor({ whatsapp: { phoneNumberId: "12345" } })).toEqual({
      kind: "whatsapp",
      address: "12345",
      webhookAddress: "https://bot.example/base/webhook",
      wanted: metaSettings("https://bot.example/base/webhook"),
    });
  });

  test("is nothing, for SIP; and cannot be told without a public address", () => {
    const sip = channelForTest({}, { sip: { trunk: "kigali.example" } });
    expect(targetOf(sip.spec, urls)).toEqual({ kind: "not_needed" });
    expect(
      targetOf(channelForTest().spec, { voice: undefined, whatsapp: "" }),
    ).toEqual({ kind: "no_public_url", setting: "VOICE_PUBLIC_URL" });
  });
});

describe("programming", () => {
  test("a number for the first time remembers what it was set to", () => {
    const step = programming(old);
    expect(step.write).toEqual({
      VoiceUrl: "https://voice.example/twilio/voice",
      VoiceMethod: "POST",
      StatusCallback: "https://voice.example/twilio/status",
    });
    expect(step.remember).toEqual(remembered);
    expect(step.event).toEqual({
      type: "Normal",
      reason: "Programmed",
      action: "Program",
      message:
        "+250780000001 was set at its provider: VoiceUrl from https://***@old.example/voice?*** to https://voice.example/twilio/voice, VoiceMethod from GET to POST, StatusCallback from nothing to https://voice.example/twilio/status.",
    });
  });

  test("one that is as it should be writes nothing and tells nothing", () => {
    expect(
      programming(target.wanted, { own: remembered, wasProgrammed: true }),
    ).toEqual({ write: {}, remember: undefined, event: undefined });
  });

  test("one that somebody changed is put right, and what it was before stays remembered", () => {
    const step = programming(
      { ...target.wanted, VoiceUrl: "https://other.example" },
      { own: remembered, wasProgrammed: true },
    );
    expect(step).toMatchObject({
      write: { VoiceUrl: "https://voice.example/twilio/voice" },
      remember: undefined,
      event: { type: "Warning", reason: "PutRight" },
    });
    expect(step.event?.message).toContain(
      "VoiceUrl from https://other.example to https://voice.example/twilio/voice",
    );
  });

  test("one whose setting was interrupted is no edit by hand", () => {
    expect(programming(old, { own: remembered })).toMatchObject({
      remember: undefined,
      event: { type: "Normal", reason: "Programmed" },
    });
  });

  test("after the release's public address has changed is no edit by hand", () => {
    const moved = targetOf(channelForTest().spec, {
      ...urls,
      voice: "https://new.example",
    });
    if (moved.kind !== "target") throw new Error("It has a target.");
    const step = programming(target.wanted, {
      target: moved.target,
      own: remembered,
    });
    expect(step.event?.reason).toBe("Programmed");
    expect(step.remember).toEqual({
      ...remembered,
      ours: moved.target.wanted,
    });
  });

  test("one that another Channel had takes over what that one remembers", () => {
    const step = programming(target.wanted, { inherited: remembered });
    expect(step).toEqual({
      write: {},
      remember: remembered,
      event: undefined,
    });
  });

  test("one that is ours though nobody remembers it is cleared when it goes", () => {
    const step = programming(target.wanted);
    expect(step.write).toEqual({});
    expect(step.remember?.before).toEqual({
      ...target.wanted,
      VoiceUrl: "",
      StatusCallback: "",
    });
  });
});

describe("taking back", () => {
  test("sets what it was before", () => {
    const step = decideRelease(remembered, target.wanted);
    expect(step.write).toEqual({
      VoiceUrl: old.VoiceUrl,
      VoiceMethod: "GET",
      StatusCallback: "",
    });
    expect(step.event.reason).toBe("TakenBack");
    expect(step.event.message).not.toContain("pass");
  });

  test("leaves what somebody has set meanwhile", () => {
    const foreign = {
      ...target.wanted,
      VoiceUrl: "https://theirs.example",
      VoiceMethod: "GET",
      StatusCallback: "",
    };
    const step = decideRelease(remembered, foreign);
    expect(step.write).toEqual({});
    expect(step.event.reason).toBe("LeftAsIs");
    expect(step.event.message).toContain("https://theirs.example");
  });

  test("clears a WhatsApp number's own address, since another's cannot be set again", () => {
    const step = decideRelease(
      {
        kind: "whatsapp",
        address: "12345",
        before: metaSettings("https://before.example/hook"),
        ours: metaSettings("https://bot.example/webhook"),
      },
      metaSettings("https://bot.example/webhook"),
    );
    expect(step.write).toEqual(metaSettings(""));
    expect(step.event.message).toContain("https://before.example/hook");
  });
});

describe("whatever a number was set to", () => {
  const value = fc.constantFrom("", "https://a.example", "https://b.example");
  const fields = ["VoiceUrl", "StatusCallback", "TrunkSid"] as const;
  const settings: fc.Arbitrary<NumberSettings> = fc.record({
    VoiceUrl: value,
    StatusCallback: value,
    TrunkSid: value,
  });

  test("once written it is as it should be, and there is nothing more to do", () => {
    fc.assert(
      fc.property(
        settings,
        settings,
        fc.option(settings, { nil: undefined }),
        (observed, wanted, before) => {
          const goal: Target = { ...target, wanted };
          const memory =
            before === undefined
              ? undefined
              : { ...remembered, before, ours: wanted };
          const step = programming(observed, { target: goal, own: memory });
          const after = { ...observed, ...step.write };
          expect(isEqual(after, wanted)).toBe(true);
          expect(
            programming(after, { target: goal, own: step.remember ?? memory }),
          ).toEqual({ write: {}, remember: undefined, event: undefined });
        },
      ),
    );
  });

  test("taking back undoes what was set and nothing else", () => {
    fc.assert(
      fc.property(
        settings,
        settings,
        settings,
        (observed, wanted, meanwhile) => {
          const { write, remember } = programming(observed, {
            target: { ...target, wanted },
          });
          if (remember === undefined) throw new Error("It is remembered.");
          const untouched = decideRelease(remember, { ...observed, ...write });
          if (Object.keys(write).length > 0)
            expect({ ...observed, ...write, ...untouched.write }).toEqual(
              observed,
            );
          const release = decideRelease(remember, meanwhile);
          for (const field of fields)
            if (meanwhile[field] !== remember.ours[field])
              expect(release.write).not.toHaveProperty(field);
        },
      ),
    );
  });
});
