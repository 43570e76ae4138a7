import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createMemoryBus, createMemoryStore } from "@easymo/messaging";
import { ServiceProcess, until } from "@easymo/testbed";
import { afterEach, describe, expect, test } from "@jest/globals";
import {
  ENV,
  newCall,
  postEvents,
  routingFile,
  RunningIngress,
  TOKEN,
} from "./testing/running-ingress.js";

/** Clients that take their time, and a great many that do nothing. */

const HEAD = [
  "POST /sip/events HTTP/1.1",
  "host: x",
  `authorization: Bearer ${TOKEN}`,
  "content-type: application/json",
  "content-length: 1000",
].join("\r\n");

/** Sends the beginning at once and then a character at a time, never all of it. */
class Dripping {
  readonly startedMs = performance.now();
  answer = "";
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;

  constructor(port: number, beginning: string) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("data", (chunk: Buffer) => {
      this.answer += chunk.toString();
    });
    // Cut off in the middle of a drop.
    this.#socket.on("error", () => undefined);
    this.#socket.write(beginning);
    this.#timer = setInterval(() => this.#socket.write("x"), 50);
  }

  /** Resolves with how long it was borne. */
  async cutOff(): Promise<number> {
    await once(this.#socket, "close");
    clearInterval(this.#timer);
    return performance.now() - this.startedMs;
  }
}

const drips: [string, string][] = [
  ["the headers", `${HEAD}\r\nx-drip: `],
  ["the body", `${HEAD}\r\n\r\n{"callId":"`],
];

function expectTooLate(answer: string): void {
  expect(answer).toContain("HTTP/1.1 408 Request Timeout\r\n");
  expect(answer).toContain("content-type: application/problem+json");
  expect(answer).toContain('"code":"request_timeout"');
}

describe("a request that arrives in drops", () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test.each(drips)(
    "%s: is cut off with 408, and others are served meanwhile",
    async (_, beginning) => {
      const ingress = await RunningIngress.start({
        bus: createMemoryBus(),
        store: createMemoryStore(),
        listening: { requestTimeoutMs: 300 },
      });
      closing.push(() => ingress.close());
      const slow = new Dripping(ingress.port, beginning);
      expect((await ingress.send(newCall().event("ringing"))).status).toBe(202);
      await slow.cutOff();
      expectTooLate(slow.answer);
    },
  );

  test("is borne for ten seconds by the service as it runs", async () => {
    const service = await ServiceProcess.start("sip-ingress", {
      ...ENV,
      ROUTING_FILE: await routingFile(),
    });
    closing.push(() => service.stop());
    const slow = drips.map(([, head]) => new Dripping(service.port, head));
    for (const bornMs of await Promise.all(slow.map((one) => one.cutOff())))
      expect(bornMs).toBeGreaterThan(9_900);
    for (const { answer } of slow) expectTooLate(answer);
  });
});

test("an idle connection is closed after a time", async () => {
  const ingress = await RunningIngress.start({
    bus: createMemoryBus(),
    store: createMemoryStore(),
    listening: { keepAliveTimeoutMs: 100 },
  });
  try {
    const idle = await Idle.on(ingress.port);
    await until(() => idle.isClosed);
  } finally {
    await ingress.close();
  }
});

/** A connection that asked once, and is kept. */
class Idle {
  readonly #socket: Socket;
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => (this.isClosed = true));
  }

  static async on(port: number): Promise<Idle> {
    const socket = connect(port, "127.0.0.1");
    const idle = new Idle(socket);
    socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(socket, "data");
    return idle;
  }

  close(): void {
    this.#socket.destroy();
  }
}

const IDLE_SOCKETS = 10_000;
/** What this process and the service need besides. */
const SPARE_DESCRIPTORS = 1_000;

test("ten thousand idle connections are held while others are served", async () => {
  // Node raises its own soft limit to the hard one.
  const count = Math.min(IDLE_SOCKETS, openFilesLimit() - SPARE_DESCRIPTORS);
  const service = await ServiceProcess.start("sip-ingress", {
    ...ENV,
    ROUTING_FILE: await routingFile(),
  });
  const idle: Idle[] = [];
  try {
    // As many at once as wait to be accepted.
    while (idle.length < count)
      idle.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(250, count - idle.length) }, () =>
            Idle.on(service.port),
          ),
        )),
      );
    expect(idle.length).toBe(count);
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const answer = await postEvents(
          service.url,
          newCall().event("ringing"),
        );
        return answer.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([202]));
    expect(await service.answers("/readyz")).toBe(true);
    expect(idle.filter(({ isClosed }) => isClosed)).toEqual([]);
  } finally {
    for (const one of idle) one.close();
    await service.stop();
  }
});

function openFilesLimit(): number {
  const report: { userLimits?: { open_files?: { hard?: unknown } } } =
    process.report.getReport();
  const hard = Number(report.userLimits?.open_files?.hard);
  return Number.isFinite(hard) ? hard : IDLE_SOCKETS + SPARE_DESCRIPTORS;
}
