import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { decodeCursor, encodeCursor } from "./cursor.js";
import {
  joined,
  type Lead,
  type LeadEvidence,
  newLead,
  shownLead,
  withEvidence,
} from "./lead.js";

const nowMs = Date.UTC(2026, 0, 1);
const known: Lead = {
  ...newLead("5b9c7a1e-0f2a-4a53-9a86-5d2d3b2d1a01", nowMs),
  phone: "+250788123456",
  name: "Aline",
  source: "radio",
  tags: ["vip"],
};

const texts = fc.option(fc.string({ minLength: 1 }), { nil: undefined });
const evidences: fc.Arbitrary<LeadEvidence> = fc.record({
  phone: texts,
  userId: texts,
  name: texts,
  language: texts,
  source: texts,
  lastChannel: texts,
  tags: fc.option(fc.array(fc.string()), { nil: undefined }),
  optIn: fc.option(fc.boolean(), { nil: undefined }),
});

describe("evidence of a person", () => {
  test("replaces what it tells, keeps what it does not, and adds tags", () => {
    expect(
      withEvidence(
        known,
        { name: "Aline U.", language: "rw", tags: ["moto", "vip"] },
        nowMs + 5,
      ),
    ).toEqual({
      ...known,
      name: "Aline U.",
      language: "rw",
      tags: ["vip", "moto"],
      updatedAtMs: nowMs + 5,
    });
  });

  test("does not change where the person came from", () => {
    expect(withEvidence(known, { source: "referral" }, nowMs).source).toBe(
      "radio",
    );
  });

  test("says on which channel they were last heard from", () => {
    const heard = withEvidence(known, { lastChannel: "voice" }, nowMs);
    expect(withEvidence(heard, { name: "A." }, nowMs).lastChannel).toBe(
      "voice",
    );
    expect(
      withEvidence(heard, { lastChannel: "whatsapp" }, nowMs).lastChannel,
    ).toBe("whatsapp");
  });

  test("never makes less known than there was", () => {
    fc.assert(
      fc.property(fc.array(evidences, { maxLength: 8 }), (all) => {
        let lead = newLead("id", nowMs);
        for (const evidence of all) {
          const next = withEvidence(lead, evidence, nowMs);
          for (const field of [
            "phone",
            "userId",
            "name",
            "language",
            "source",
            "lastChannel",
            "optIn",
          ] as const)
            if (lead[field] !== null) expect(next[field]).not.toBeNull();
          for (const tag of lead.tags) expect(next.tags).toContain(tag);
          expect(new Set(next.tags).size).toBe(next.tags.length);
          lead = next;
        }
      }),
    );
  });
});

describe("two leads of one person", () => {
  const newer: Lead = {
    ...newLead("0a1c7a1e-0f2a-4a53-9a86-5d2d3b2d1a02", nowMs + 1_000),
    userId: "wa-1",
    name: "A.",
    language: "fr",
    tags: ["moto", "vip"],
    optIn: true,
  };

  test("become the older one, with what only the newer one knew", () => {
    const { survivor, absorbed } = joined(newer, known);
    expect(absorbed.leadId).toBe(newer.leadId);
    expect(survivor).toEqual({
      ...known,
      userId: "wa-1",
      language: "fr",
      tags: ["vip", "moto"],
      optIn: true,
      updatedAtMs: nowMs + 1_000,
    });
  });

  test("are the same whichever comes first", () => {
    expect(joined(known, newer)).toEqual(joined(newer, known));
    const twin = { ...newer, createdAtMs: known.createdAtMs };
    expect(joined(known, twin)).toEqual(joined(twin, known));
  });

  test("were last heard from where the later one was", () => {
    const called = { ...known, lastChannel: "voice" };
    const wrote = { ...newer, lastChannel: "whatsapp" };
    expect(joined(called, wrote).survivor.lastChannel).toBe("whatsapp");
    expect(joined(called, newer).survivor.lastChannel).toBe("voice");
  });

  test("have not agreed to be written to when one of them said no", () => {
    const no = { ...known, optIn: false };
    expect(joined(no, newer).survivor.optIn).toBe(false);
  });
});

test("someone who opted out has not agreed to be written to, whatever they said before", () => {
  expect(shownLead({ ...known, optIn: true }, true)).toMatchObject({
    optedOut: true,
    optIn: false,
  });
});

describe("a place in the list", () => {
  test("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
        fc.uuid({ version: 4 }),
        (createdAtMs, leadId) => {
          const cursor = { createdAtMs, leadId };
          expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
        },
      ),
    );
  });

  test("that we did not write is none", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(decodeCursor(text)).toBeUndefined();
      }),
    );
  });
});
