import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { until } from "@easymo/testbed";
import { Bench, failure, lead } from "./testing/bench.js";
import {
  hangUp,
  json,
  silence,
  type Behaviour,
} from "./testing/misbehaving-server.js";

const bench = new Bench();
beforeEach(() => bench.start());
afterEach(() => bench.stop());

const once = { retry: { maxAttempts: 1 } };

/** Answers, and notes from which port it was asked. */
function answering(ports: (number | undefined)[]): Behaviour {
  return (response, seen) => {
    ports.push(response.socket?.remotePort);
    json(200, { lead: null })(response, seen);
  };
}

describe("connections", () => {
  test("are kept from one request to the next", async () => {
    const ports: (number | undefined)[] = [];
    bench.server.does(answering(ports));
    const tenant = bench.connect(once).forTenant("t");
    for (let count = 0; count < 3; count += 1)
      await tenant.fetchLead({ userId: "u" });
    expect(new Set(ports).size).toBe(1);
    expect(ports).toHaveLength(3);
  });

  test("carry one request at a time: none waits behind another's answer", async () => {
    const tenant = bench.connect(once).forTenant("t");
    await tenant.fetchLead({ userId: "u" });
    bench.server.does(silence, json(200, { lead }));
    const stop = new AbortController();
    const slow = failure(tenant.fetchLead({ userId: "slow" }, stop));
    await until(() => bench.server.seen.length === 2);
    expect((await tenant.fetchLead({ userId: "u" })).lead).not.toBeNull();
    stop.abort();
    expect((await slow).code).toBe("aborted");
  });

  test("that the server closed while they were kept cost no attempt", async () => {
    const tenant = bench.connect(once).forTenant("t");
    await tenant.fetchLead({ userId: "u" });
    bench.server.does(hangUp, json(200, { lead: null }));
    expect(await tenant.fetchLead({ userId: "u" })).toEqual({ lead: null });
    expect(bench.server.seen).toHaveLength(3);
  });

  test("that were broken off are not used again", async () => {
    const ports: (number | undefined)[] = [];
    const tenant = bench.connect(once).forTenant("t");
    bench.server.does(answering(ports));
    await tenant.fetchLead({ userId: "u" });
    bench.server.does(silence);
    const stop = new AbortController();
    const call = failure(tenant.fetchLead({ userId: "u" }, stop));
    await until(() => bench.server.seen.length === 2);
    stop.abort();
    expect((await call).code).toBe("aborted");
    bench.server.does(answering(ports));
    await tenant.fetchLead({ userId: "u" });
    expect(new Set(ports).size).toBe(2);
  });
});

describe("a signal that many requests share", () => {
  test("ends those that are on their way, and no other", async () => {
    bench.server.does(silence);
    const stop = new AbortController();
    const tenant = bench.connect(once).forTenant("t");
    const shared = [1, 2, 3].map(() =>
      failure(tenant.fetchLead({ userId: "u" }, stop)),
    );
    await until(() => bench.server.seen.length === 3);
    bench.server.does((response, seen) => {
      stop.signal.addEventListener("abort", () =>
        json(200, { lead: null })(response, seen),
      );
    });
    const other = tenant.fetchLead({ userId: "other" });
    await until(() => bench.server.seen.length === 4);
    stop.abort();
    for (const one of shared) expect((await one).code).toBe("aborted");
    expect(await other).toEqual({ lead: null });
    expect((await failure(tenant.fetchLead({ userId: "u" }, stop))).code).toBe(
      "aborted",
    );
  });
});
