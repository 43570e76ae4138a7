import { afterEach, describe, expect, test } from "@jest/globals";
import { startSubject } from "../subjects/start-subject.js";
import type { Subject, SubjectName } from "../subjects/subject.js";
import { Load, type LoadSettings } from "./load.js";

const CALLS = 4;

let load: Load | undefined;
let subject: Subject | undefined;

afterEach(async () => {
  load?.destroy();
  await subject?.close();
  load = undefined;
  subject = undefined;
});

async function open(
  name: SubjectName,
  settings: Partial<LoadSettings> = {},
): Promise<Load> {
  const all: LoadSettings = {
    calls: CALLS,
    probes: 0,
    deltaMs: 20,
    // Faster, a stall of the machine would be longer for the bridge, which gives up on a slow model.
    speed: 1,
    pacing: "tick",
    marks: "separate",
    script: "continuous",
    ...settings,
  };
  load = new Load(all);
  const { port } = await load.listen();
  subject = await startSubject(name, {
    worldPort: port,
    maxCalls: CALLS + 2,
    speed: all.speed,
  });
  await load.open(subject.address, all.calls + all.probes);
  return load;
}

/** Until so many frames have been sent each way. */
async function carried(running: Load, frames: number): Promise<void> {
  running.beginWindow();
  for (;;) {
    const { inbound, outbound } = running.endWindow();
    if (inbound.sent >= frames && outbound.sent >= frames) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the load generator", () => {
  test.each([
    ["voice-bridge" as const, 20],
    ["voice-bridge" as const, 200],
    ["splice-relay" as const, 20],
    ["json-relay" as const, 20],
    ["marking-relay" as const, 20],
  ])(
    "gets every byte back in order, both ways, through %s with audio in %d ms",
    async (name, deltaMs) => {
      const running = await open(name, { deltaMs });
      await carried(running, 60);
      const { inbound, outbound, dropped } = await running.stop();
      expect(inbound).toMatchObject({ lost: 0, corrupt: 0, misordered: 0 });
      expect(outbound).toMatchObject({ lost: 0, corrupt: 0, misordered: 0 });
      expect(inbound.received).toBeGreaterThanOrEqual(60);
      expect(outbound.received).toBeGreaterThanOrEqual(60);
      expect(dropped).toBe(0);
    },
  );

  test("returns a mark for every piece of audio that a bridge marks", async () => {
    const running = await open("voice-bridge");
    await carried(running, 60);
    const { marksReturned, outbound } = await running.stop();
    // How many are still unheard at the end is the machine's affair.
    expect(marksReturned).toBeGreaterThan(0);
    expect(marksReturned).toBeLessThanOrEqual(outbound.received);
  });

  test("has turns taken in a conversation", async () => {
    const running = await open("voice-bridge", {
      calls: 1,
      script: "conversation",
      speed: 4,
    });
    await carried(running, 400);
    const { outbound } = await running.stop();
    expect(outbound).toMatchObject({ lost: 0, corrupt: 0, misordered: 0 });
  });

  test("sees callers interrupt, and playback cleared at what was heard", async () => {
    const running = await open("voice-bridge", { probes: 2, speed: 1 });
    const reports = await running.probe(0, { atLeast: 2 });
    await running.stop();
    for (const report of reports) {
      expect(report.interruptions).toBeGreaterThanOrEqual(2);
      expect(report).toMatchObject({ wrong: 0, late: 0, pastHeard: 0 });
      expect(report.clear.count).toBe(report.interruptions);
      expect(report.firstAudio.count).toBeGreaterThan(0);
    }
  });
});

describe("a subject that does not carry audio as it is", () => {
  test("is found out", async () => {
    const running = await open("splice-relay");
    await carried(running, 20);
    await subject?.close();
    subject = undefined;
    // The callers are told when their sockets are read, not when they are closed.
    while (running.openCalls > 0)
      await new Promise((resolve) => setImmediate(resolve));
    const { dropped, inbound } = await running.stop();
    expect(dropped).toBe(CALLS);
    expect(inbound.sent).toBeGreaterThan(0);
  });
});
