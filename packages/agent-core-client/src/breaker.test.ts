import { describe, expect, test } from "@jest/globals";
import { createLogger, ManualClock } from "@easymo/service-kit";
import { Breaker } from "./breaker.js";
import { clientError } from "./errors.js";

const away = () => Promise.reject(clientError("unreachable"));
const refusing = () => Promise.reject(clientError("bad_answer"));
const well = () => Promise.resolve("well");

function breakerOf(failures: number) {
  const clock = new ManualClock();
  const logger = createLogger({ name: "test", level: "silent" });
  const breaker = new Breaker(
    { failures, halfOpenAfterMs: 1_000 },
    { clock, logger },
  );
  /** What comes of a request. */
  const outcome = (request: () => Promise<unknown>): Promise<unknown> =>
    breaker
      .run(request)
      .catch((error: unknown) =>
        error !== null && typeof error === "object" && "code" in error
          ? error.code
          : error,
      );
  return { clock, breaker, outcome };
}

describe("a circuit", () => {
  test("opens after so many failures in a row, and no fewer", async () => {
    const { breaker, outcome } = breakerOf(2);
    await outcome(away);
    await outcome(well);
    await outcome(away);
    expect(breaker.circuit()).toBe("closed");
    await outcome(away);
    expect(breaker.circuit()).toBe("open");
    expect(await outcome(well)).toBe("circuit_open");
  });

  test("does not count what does not blame the server, nor forgets for it", async () => {
    const { breaker, outcome } = breakerOf(2);
    for (let count = 0; count < 5; count += 1) await outcome(refusing);
    expect(breaker.circuit()).toBe("closed");
    await outcome(away);
    await outcome(refusing);
    await outcome(away);
    expect(breaker.circuit()).toBe("open");
  });

  test("lets one request find out, and the others wait for what it finds", async () => {
    const { clock, breaker, outcome } = breakerOf(1);
    await outcome(away);
    clock.advance(1_000);
    const probe = Promise.withResolvers<string>();
    const first = outcome(() => probe.promise);
    expect(breaker.circuit()).toBe("half_open");
    let asked = 0;
    const others = [1, 2].map(() =>
      outcome(() => {
        asked += 1;
        return well();
      }),
    );
    expect(asked).toBe(0);
    probe.resolve("back");
    expect(await first).toBe("back");
    expect(await Promise.all(others)).toEqual(["well", "well"]);
    expect(asked).toBe(2);
    expect(breaker.circuit()).toBe("closed");
  });

  test("opens again for as long when that one fails; who waited is told", async () => {
    const { clock, breaker, outcome } = breakerOf(1);
    await outcome(away);
    clock.advance(1_000);
    const [first, other] = [outcome(away), outcome(well)];
    expect(await first).toBe("unreachable");
    expect(await other).toBe("circuit_open");
    clock.advance(999);
    expect(await outcome(well)).toBe("circuit_open");
    clock.advance(1);
    expect(await outcome(well)).toBe("well");
    expect(breaker.circuit()).toBe("closed");
  });

  test("is not opened again by what was on its way when it opened", async () => {
    const { clock, breaker, outcome } = breakerOf(1);
    const slow = Promise.withResolvers<string>();
    const late = outcome(() => slow.promise);
    await outcome(away);
    clock.advance(1_000);
    expect(await outcome(refusing)).toBe("bad_answer");
    expect(breaker.circuit()).toBe("closed");
    slow.resolve("late");
    expect(await late).toBe("late");
    expect(breaker.circuit()).toBe("closed");
  });
});
