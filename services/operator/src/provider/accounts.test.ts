import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "@easymo/service-kit";
import { ProviderError } from "../providers/provider.js";
import { Accounts, type Turn } from "./accounts.js";

const check = { isChange: false, hasWaited: false };
const change = { isChange: true, hasWaited: false };

function setUp() {
  const clock = new ManualClock();
  return { clock, accounts: new Accounts({ clock, rejectedMs: 300_000 }) };
}

function waitOf(turn: Turn): number {
  return turn.kind === "go" ? 0 : turn.waitMs;
}

describe("an account", () => {
  test("is looked at so often a second, however many numbers it has", () => {
    const { accounts } = setUp();
    const waits = Array.from({ length: 5_000 }, () =>
      waitOf(accounts.turn("one", check)),
    );
    // 20 a second, beside 10 at once.
    expect(Math.max(...waits)).toBe((4_990 / 20) * 1_000);
    for (const second of [0, 10, 100, 200])
      expect(
        waits.filter((ms) => ms > second * 1_000 && ms <= (second + 1) * 1_000),
      ).toHaveLength(20);
  });

  test("takes a change though thousands of looks wait", () => {
    const { accounts } = setUp();
    for (let at = 0; at < 5_000; at += 1) accounts.turn("one", check);
    expect(accounts.turn("one", change)).toEqual({ kind: "go" });
  });

  test("gives a turn to who has waited for it, and has nothing to do with another's", () => {
    const { accounts } = setUp();
    for (let at = 0; at < 50; at += 1) accounts.turn("one", check);
    expect(accounts.turn("one", check).kind).toBe("wait");
    expect(accounts.turn("one", { ...check, hasWaited: true })).toEqual({
      kind: "go",
    });
    expect(accounts.turn("another", check)).toEqual({ kind: "go" });
  });

  test("is left alone for as long as it asks, by who has waited too", () => {
    const { accounts, clock } = setUp();
    const error = new ProviderError("ProviderUnreachable", "Wait.", {
      retryAfterMs: 5_000,
    });
    accounts.failed("one", error);
    clock.advance(2_000);
    const refused = { kind: "refused", error, waitMs: 3_000 };
    expect(accounts.turn("one", change)).toEqual(refused);
    expect(accounts.turn("one", { ...check, hasWaited: true })).toEqual(
      refused,
    );
    clock.advance(3_000);
    expect(accounts.turn("one", change)).toEqual({ kind: "go" });
  });

  test("that rejected its credentials is not tried with them for a while", () => {
    const { accounts, clock } = setUp();
    const error = new ProviderError("CredentialsRejected", "Wrong.");
    accounts.failed("one", error);
    expect(accounts.turn("one", change).kind).toBe("refused");
    expect(accounts.turn("the changed ones", change)).toEqual({ kind: "go" });
    clock.advance(300_000);
    expect(accounts.turn("one", change)).toEqual({ kind: "go" });
  });

  test("that only failed is asked by the others", () => {
    const { accounts } = setUp();
    accounts.failed("one", new ProviderError("ProviderUnreachable", "Oops."));
    expect(accounts.turn("one", change)).toEqual({ kind: "go" });
  });
});
