import { describe, expect, test } from "@jest/globals";
import { event, intent, newPhone, received } from "../testing/events.js";
import { checkAcceptable } from "./acceptable.js";

const NOW = Date.UTC(2026, 0, 31, 12);
const situations = { isTenant: (id: string) => id !== "nobody" };
const check = (one: Parameters<typeof checkAcceptable>[0]) => () =>
  checkAcceptable(one, situations, NOW);
const at = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();

describe("an event is handled", () => {
  test.each([
    ["of now", received(newPhone(), "hello", { at: at(0) })],
    ["of a clock that is fast", received(newPhone(), "hello", { at: at(23) })],
    ["of long ago", received(newPhone(), "hello", { at: at(-10_000) })],
    [
      "that asks for as much as is kept of a wish",
      intent(newPhone(), { at: at(0), slots: { item: "x".repeat(16_000) } }),
    ],
  ])("%s", (_what, one) => {
    expect(check(one)).not.toThrow();
  });
});

describe("an event is not handled", () => {
  const hello = received(newPhone(), "hello", { at: at(0) });
  test.each([
    ["of the far future", { ...hello, time: at(25) }, "from_the_future"],
    [
      "whose data is of the far future",
      event("message.received", { ...hello.data, at: at(25) }),
      "from_the_future",
    ],
    ["of no tenant", { ...hello, tenantId: "nobody" }, "unknown_tenant"],
    [
      "that asks for more than is kept of a wish",
      intent(newPhone(), { at: at(0), slots: { item: "x".repeat(17_000) } }),
      "too_large",
    ],
  ])("%s", (_what, one, code) => {
    expect(check(one)).toThrow(
      expect.objectContaining({ code, retryable: false }),
    );
  });
});
