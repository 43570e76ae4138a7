import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { TokenRing, type TenantToken } from "./tokens.js";

const tokens: readonly TenantToken[] = [
  { tenantId: "kigali-parts", token: "kigali-parts-token" },
  { tenantId: "kigali-parts", token: "kigali-parts-token-2" },
  { tenantId: "musanze-farm", token: "m" },
];

describe("a ring of tokens", () => {
  test.each([
    ["Bearer kigali-parts-token", "kigali-parts"],
    ["bearer   kigali-parts-token-2  ", "kigali-parts"],
    ["BEARER m", "musanze-farm"],
  ])("knows whose %p is", (header, tenantId) => {
    expect(new TokenRing(tokens).tenantOf(header)).toBe(tenantId);
  });

  test.each([
    [undefined],
    [""],
    ["Bearer"],
    ["Bearer "],
    ["Bearer kigali-parts-toke"],
    ["Bearer kigali-parts-token-"],
    ["Bearer kigali-parts-token-22"],
    ["Bearer Kigali-parts-token"],
    ["Bearer m m"],
    ["Bearer m\0"],
    // Its lowest byte is that of m.
    ["Bearer \u016d"],
    ["Basic m"],
    ["m"],
  ])("gives %p to nobody", (header) => {
    expect(new TokenRing(tokens).tenantOf(header)).toBeUndefined();
  });

  test("lets nobody in when it is empty", () => {
    expect(new TokenRing([]).tenantOf("Bearer m")).toBeUndefined();
  });

  test("finds what a plain search finds, whatever was presented before", () => {
    const token = fc.stringMatching(/^[ab-]{1,6}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(token, { maxLength: 5 }),
        fc.array(token, { maxLength: 10 }),
        (known, presented) => {
          const entries = known.map((one, at) => ({
            tenantId: `tenant-${at}`,
            token: one,
          }));
          const ring = new TokenRing(entries);
          for (const one of [...presented, ...known])
            expect(ring.tenantOf(`Bearer ${one}`)).toBe(
              entries.find((entry) => entry.token === one)?.tenantId,
            );
        },
      ),
    );
  });
});
