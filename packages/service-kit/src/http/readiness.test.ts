import { describe, expect, test } from "@jest/globals";
import { ManualClock } from "../clock.js";
import { serve, testKit } from "../fixtures/test-service.js";
import { createDependencyProbe } from "./readiness.js";

const never = () => new Promise<void>(() => undefined);

describe("dependencies", () => {
  test("are asked at the same time, each for two seconds at most", async () => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const probe = createDependencyProbe(
      {
        kafka: () => {
          asked.push("kafka");
          return never();
        },
        redis: () => {
          asked.push("redis");
          return never();
        },
        core: () =>
          new Promise((resolve) => {
            clock.setTimeout(resolve, 300);
          }),
      },
      clock,
    );
    const answer = probe();
    await clock.advanceAsync(1_999);
    expect(asked).toEqual(["kafka", "redis"]);
    await clock.advanceAsync(1);
    const down = {
      status: "down",
      error: "no answer within 2000 ms",
      latencyMs: 2_000,
    };
    expect(await answer).toEqual({
      kafka: down,
      redis: down,
      core: { status: "up", latencyMs: 300 },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  test("that fail say why, without numbers or credentials", async () => {
    const probe = createDependencyProbe(
      {
        thrown: () => {
          throw new Error("redis://:hunter2@redis is away for +250780000001");
        },
        rejected: () => Promise.reject(new Error("refused")),
      },
      new ManualClock(),
    );
    expect(await probe()).toEqual({
      thrown: {
        status: "down",
        error: "redis://***@redis is away for +2507*****01",
        latencyMs: 0,
      },
      rejected: { status: "down", error: "refused", latencyMs: 0 },
    });
  });

  test("are asked once for probes that come at the same time, and again for the next", async () => {
    let asked = 0;
    const probe = createDependencyProbe(
      {
        kafka: async () => {
          asked++;
        },
      },
      new ManualClock(),
    );
    await Promise.all([probe(), probe(), probe()]);
    expect(asked).toBe(1);
    await probe();
    expect(asked).toBe(2);
  });
});

describe("probes", () => {
  test("answer by what the dependencies say now", async () => {
    let up = true;
    const service = await serve(() => undefined, {
      dependencies: {
        kafka: () =>
          up ? Promise.resolve() : Promise.reject(new Error("no broker")),
        redis: () => Promise.resolve(),
      },
    });
    try {
      for (const path of ["/readyz", "/health"]) {
        up = true;
        const ready = await fetch(service.url + path);
        expect(ready.status).toBe(200);
        expect(await ready.json()).toEqual({
          status: "ready",
          dependencies: {
            kafka: { status: "up", latencyMs: expect.any(Number) },
            redis: { status: "up", latencyMs: expect.any(Number) },
          },
        });
        up = false;
        const away = await fetch(service.url + path);
        expect(away.status).toBe(503);
        expect(await away.json()).toMatchObject({
          status: "not_ready",
          dependencies: {
            kafka: { status: "down", error: "no broker" },
            redis: { status: "up" },
          },
        });
      }
      const alive = await fetch(`${service.url}/healthz`);
      expect([alive.status, await alive.json()]).toEqual([
        200,
        { status: "ok" },
      ]);
    } finally {
      await service.close();
    }
  });

  test("are not ready when the app says that it is shutting down", async () => {
    const kit = testKit();
    const service = await serve(() => undefined, {
      kit,
      isShuttingDown: () => true,
    });
    try {
      const answer = await fetch(`${service.url}/readyz`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toEqual({
        status: "shutting_down",
        dependencies: {},
      });
    } finally {
      await service.close();
    }
  });
});
