import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import WebSocket from "ws";
import { z } from "zod";
import type { FakeModelSession } from "./testing/fake-model.js";
import { DESK } from "./testing/machine-fixture.js";
import {
  MEDIA_TOKEN,
  NO_AGENT_CORE,
  RunningBridge,
  TENANT,
} from "./testing/running-bridge.js";

/** What callers of other bridges suffered, on the wire: the model's socket on one side, Twilio's on the other. */

let bridge: RunningBridge;

beforeEach(async () => {
  bridge = await RunningBridge.start(NO_AGENT_CORE);
});
afterEach(async () => {
  // The caller hangs up first: a bridge that ends a call waits for its carrier to ask how it goes on.
  for (const line of lines.splice(0)) line.hangUp();
  await bridge.events.next("call.stop");
  await bridge.close();
});

const wire = z.looseObject({
  event: z.string(),
  media: z.object({ payload: z.string() }).optional(),
  mark: z.object({ name: z.string() }).optional(),
});
type Wire = z.infer<typeof wire>;

/** Twilio's end by hand: it plays, and returns marks, when the test says so. */
class Line {
  readonly received: Wire[] = [];
  readonly #socket: WebSocket;
  #arrivals: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.received.push(wire.parse(JSON.parse(data.toString())));
      for (const wake of this.#arrivals.splice(0)) wake();
    });
  }

  static async open(callSid: string): Promise<Line> {
    const socket = new WebSocket(
      `${bridge.service.url.replace("http", "ws")}/twilio-media`,
      { headers: { authorization: `Bearer ${MEDIA_TOKEN}` } },
    );
    await once(socket, "open");
    const line = new Line(socket);
    line.send({
      event: "start",
      sequenceNumber: "1",
      streamSid: "MZ1",
      start: {
        accountSid: "AC1",
        callSid,
        streamSid: "MZ1",
        tracks: ["inbound"],
        customParameters: {
          from: "+250788777001",
          to: DESK,
          tenantId: TENANT,
        },
      },
    });
    return line;
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify({ streamSid: "MZ1", ...message }));
  }

  returnMark(name: string): void {
    this.send({ event: "mark", sequenceNumber: "2", mark: { name } });
  }

  of(event: string): Wire[] {
    return this.received.filter((message) => message.event === event);
  }

  async next(event: string, index = 0): Promise<Wire> {
    for (;;) {
      const found = this.of(event)[index];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  /** Names of the marks so far. */
  get marks(): string[] {
    return this.of("mark").map(({ mark }) => mark?.name ?? "");
  }

  get audio(): Buffer {
    return Buffer.concat(
      this.of("media").map(({ media }) =>
        Buffer.from(media?.payload ?? "", "base64"),
      ),
    );
  }

  hangUp(): void {
    this.send({ event: "stop", sequenceNumber: "9", stop: {} });
  }
}

const lines: Line[] = [];
let calls = 0;

/** A line with the greeting heard to its end. */
async function greeted(): Promise<{ line: Line; session: FakeModelSession }> {
  const line = await Line.open(`CA-edge-${++calls}`);
  lines.push(line);
  const session = await bridge.model.session();
  const greeting = await session.next("response.create");
  session.answer("r0", "Muraho.", 100, greeting);
  await line.next("mark");
  line.returnMark(line.marks[0] ?? "");
  await bridge.events.next("media.transcript");
  return { line, session };
}

function interrupt(session: FakeModelSession): void {
  session.send({ type: "input_audio_buffer.speech_started", item_id: "u" });
}

const MS = 8;

describe("a caller who interrupts", () => {
  test("after the model has sent all of its audio, is taken for having heard what was played, not all of it", async () => {
    const { line, session } = await greeted();
    const item = session.begin("r1");
    session.audio("r1", item, Buffer.alloc(200 * MS, 1));
    session.audio("r1", item, Buffer.alloc(4_800 * MS, 2));
    session.finish("r1", item, "A long answer.");
    await line.next("mark", 2);
    line.returnMark(line.marks[1] ?? "");
    interrupt(session);
    await line.next("clear");
    expect(await session.next("conversation.item.truncate")).toMatchObject({
      item_id: item,
      audio_end_ms: 200,
    });
    // The response is over: there is nothing to cancel.
    expect(session.of("response.cancel")).toEqual([]);
    const cut = await bridge.events.next("media.transcript", 1);
    expect(cut.data).toMatchObject({ interrupted: true, heardMs: 200 });
  });

  test("while several answers are queued, cuts each of them off once, each at what was heard of it", async () => {
    const { line, session } = await greeted();
    const items = ["r1", "r2", "r3"].map((response) =>
      session.answer(response, `${response}.`, 300),
    );
    await line.next("mark", 3);
    line.returnMark(line.marks[1] ?? "");
    await bridge.events.next("media.transcript", 1);
    interrupt(session);
    interrupt(session);
    await session.next("conversation.item.truncate", 1);
    session.answer("r4", "Yes?", 100);
    await line.next("mark", 4);
    expect(
      session
        .of("conversation.item.truncate")
        .map(({ item_id, audio_end_ms }) => [item_id, audio_end_ms]),
    ).toEqual([
      [items[1], 0],
      [items[2], 0],
    ]);
    expect(line.of("clear")).toHaveLength(1);
  });

  test("never makes it truncate beyond what was sent, though marks come back that were never sent or twice", async () => {
    const { line, session } = await greeted();
    const item = session.begin("r1");
    session.audio("r1", item, Buffer.alloc(250 * MS, 1));
    session.audio("r1", item, Buffer.alloc(250 * MS, 2));
    await line.next("mark", 2);
    for (const name of ["m999", line.marks[1] ?? "", line.marks[1] ?? "", "x"])
      line.returnMark(name);
    line.returnMark(line.marks[2] ?? "");
    line.returnMark(line.marks[2] ?? "");
    line.send({ event: "dtmf", dtmf: { track: "inbound_track", digit: "1" } });
    await bridge.events.next("call.dtmf");
    interrupt(session);
    expect(await session.next("conversation.item.truncate")).toMatchObject({
      audio_end_ms: 500,
    });
  });

  test("is not taken for having heard an answer by the marks of the one that was cleared", async () => {
    const { line, session } = await greeted();
    const first = session.begin("r1");
    session.audio("r1", first, Buffer.alloc(300 * MS, 1));
    await line.next("mark", 1);
    interrupt(session);
    await line.next("clear");
    session.done("r1", "cancelled");
    // Twilio returns the marks of what it has cleared, too.
    line.returnMark(line.marks[1] ?? "");
    const second = session.begin("r2");
    session.audio("r2", second, Buffer.alloc(300 * MS, 2));
    await line.next("mark", 2);
    line.send({ event: "dtmf", dtmf: { track: "inbound_track", digit: "1" } });
    await bridge.events.next("call.dtmf");
    interrupt(session);
    const truncates = await session.next("conversation.item.truncate", 1);
    expect(truncates).toMatchObject({ item_id: second, audio_end_ms: 0 });
  });

  test("does not hear what was still on its way of an answer that was cut off", async () => {
    const { line, session } = await greeted();
    const item = session.begin("r1");
    session.audio("r1", item, Buffer.alloc(100 * MS, 1));
    await line.next("mark", 1);
    interrupt(session);
    session.audio("r1", item, Buffer.alloc(100 * MS, 0x77));
    const late = session.begin("r1");
    session.audio("r1", late, Buffer.alloc(100 * MS, 0x77));
    session.done("r1", "cancelled");
    session.answer("r2", "Yes?", 100);
    await line.next("mark", 2);
    expect(line.audio.includes(0x77)).toBe(false);
    await session.next("conversation.item.truncate");
    expect(
      session.of("conversation.item.truncate").map(({ item_id }) => item_id),
    ).toEqual([item]);
  });

  test("is not cleared anything when all has been heard", async () => {
    const { line, session } = await greeted();
    interrupt(session);
    session.answer("r1", "Yes?", 100);
    await line.next("mark", 1);
    expect(line.of("clear")).toEqual([]);
    expect(session.of("conversation.item.truncate")).toEqual([]);
  });
});

describe("audio that does not come in frames of 20 ms", () => {
  test("goes out as it came, to the byte", async () => {
    const { line, session } = await greeted();
    const heardBefore = line.audio.length;
    const item = session.begin("r1");
    const said = Buffer.from(
      Array.from({ length: 1_111 }, (_, i) => (i * 13) % 251),
    );
    let at = 0;
    for (const bytes of [1, 159, 2, 161, 320, 3, 465]) {
      session.audio("r1", item, said.subarray(at, at + bytes));
      at += bytes;
    }
    session.finish("r1", item, "Odd.");
    await line.next("mark", 7);
    expect(line.audio.subarray(heardBefore).equals(said)).toBe(true);
    // One mark for each, each with a name of its own.
    expect(new Set(line.marks).size).toBe(line.marks.length);
  });

  test("is cut off at the last whole millisecond that was heard", async () => {
    const { line, session } = await greeted();
    const item = session.begin("r1");
    session.audio("r1", item, Buffer.alloc(1_111, 1));
    session.audio("r1", item, Buffer.alloc(8_000, 2));
    await line.next("mark", 2);
    line.returnMark(line.marks[1] ?? "");
    interrupt(session);
    expect(await session.next("conversation.item.truncate")).toMatchObject({
      audio_end_ms: 138,
    });
  });

  test("arrives as the caller's line sent it: short, long and empty frames", async () => {
    const { line, session } = await greeted();
    const frames = [1, 0, 159, 160, 161, 4_000].map((bytes, at) =>
      Buffer.alloc(bytes, at + 1),
    );
    for (const frame of frames)
      line.send({
        event: "media",
        sequenceNumber: "3",
        media: {
          track: "inbound",
          chunk: "1",
          timestamp: "5",
          payload: frame.toString("base64"),
        },
      });
    const said = Buffer.concat(frames);
    while (session.heard.length < said.length)
      await session.next(
        "input_audio_buffer.append",
        session.of("input_audio_buffer.append").length,
      );
    expect(session.heard.equals(said)).toBe(true);
  });
});

describe("a carrier that loses its marks", () => {
  test("does not keep an answer from being told as heard", async () => {
    const { line, session } = await greeted();
    session.answer("r1", "Here you are.", 200);
    await line.next("mark", 1);
    // None comes back.
    const told = await bridge.events.next("media.transcript", 1);
    expect(told.data).toMatchObject({ interrupted: false, heardMs: 200 });
  });
});
