import { once } from "node:events";
import { createServer } from "node:http";
import { duplexPair, type Duplex } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { WebSocketServer, type WebSocket } from "ws";
import { FrameLane, openFrameLane } from "./frame-lane.js";

interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

/** RFC 6455 §5.2, as a client writes it; as a server without `masked`. */
function encode({ opcode, fin, payload }: Frame, masked = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  const bit = masked ? 0x80 : 0;
  const head =
    payload.length < 126
      ? Buffer.from([first, bit | payload.length])
      : payload.length < 65_536
        ? Buffer.from([first, bit | 126, 0, 0])
        : Buffer.from([first, bit | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeUInt32BE(payload.length, 6);
  if (!masked) return Buffer.concat([head, payload]);
  const body = payload.map((byte, i) => byte ^ (MASK[i % 4] ?? 0));
  return Buffer.concat([head, Buffer.from(MASK), body]);
}

const text = (of: string, fin = true): Frame => ({
  opcode: 1,
  fin,
  payload: Buffer.from(of),
});
const ping = (of: string): Frame => ({
  opcode: 9,
  fin: true,
  payload: Buffer.from(of),
});
const CLOSE: Frame = { opcode: 8, fin: true, payload: Buffer.from([3, 232]) };

/** A server's side of a WebSocket whose peer writes bytes by hand, in chunks that stay as they are. */
async function accept(lane: boolean): Promise<{
  peer: Duplex;
  socket: WebSocket;
  seen: string[];
  fast: () => number;
}> {
  const http = createServer();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: 256 * 1024,
  });
  const [near, peer] = duplexPair();
  const seen: string[] = [];
  let fast = 0;
  const accepted = new Promise<WebSocket>((resolve) => {
    http.on("upgrade", (request, connection, head) => {
      server.handleUpgrade(request, connection, head, (socket) => {
        socket.on("message", (data, isBinary) => {
          if (Buffer.isBuffer(data))
            seen.push(`${isBinary ? "b" : "t"}:${data.toString("latin1")}`);
        });
        socket.on("ping", (data) => seen.push(`ping:${data.toString()}`));
        socket.on("error", (error) => seen.push(`error:${error.message}`));
        socket.on("close", (code) => seen.push(`close:${code}`));
        if (lane)
          openFrameLane(socket, connection, true, (data, start, end) => {
            fast += 1;
            seen.push(`t:${data.toString("latin1", start, end)}`);
          });
        resolve(socket);
      });
    });
  });
  http.emit("connection", near);
  peer.write(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const socket = await accepted;
  peer.resume();
  return { peer, socket, seen, fast: () => fast };
}

async function hear(lane: boolean, chunks: readonly Buffer[]) {
  const { peer, socket, seen, fast } = await accept(lane);
  // `once` would reject at the socket's error.
  const closed = new Promise((resolve) => socket.on("close", resolve));
  // In memory of their own: the lane unmasks where a frame stands.
  for (const chunk of chunks) peer.write(Buffer.from(chunk));
  peer.end();
  await closed;
  return { seen, fast: fast() };
}

const payload = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 130 }) },
  { weight: 2, arbitrary: fc.string({ minLength: 124, maxLength: 400 }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(65_535, 65_536, 70_000)
      .map((n) => "x".repeat(n)),
  },
);
const message = fc.oneof(
  { weight: 6, arbitrary: payload.map((of) => [text(of)]) },
  {
    weight: 1,
    arbitrary: fc.string({ maxLength: 20 }).map((of) => [ping(of)]),
  },
  {
    weight: 1,
    arbitrary: payload.map((of) => [
      { opcode: 2, fin: true, payload: Buffer.from(of) },
    ]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(payload, payload, fc.boolean())
      .map(([a, b, pinged]) => [
        text(a, false),
        ...(pinged ? [ping("between")] : []),
        { opcode: 0, fin: true, payload: Buffer.from(b) },
      ]),
  },
);

/** The bytes, cut where `cuts` say (parts of a thousand of the whole). */
function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = cuts
    .map((cut) => Math.floor((cut * bytes.length) / 1000))
    .sort((a, b) => a - b);
  return [0, ...at]
    .map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
    .filter((chunk) => chunk.length > 0);
}

describe("reading WebSocket frames past ws", () => {
  test("gives what ws gives, in its order, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: 1000 }), { maxLength: 12 }),
        async (messages, cuts) => {
          const bytes = Buffer.concat(
            [...messages.flat(), CLOSE].map((frame) => encode(frame)),
          );
          const chunks = cutUp(bytes, cuts);
          const expected = await hear(false, chunks);
          expect((await hear(true, chunks)).seen).toEqual(expected.seen);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("gives what ws gives when every byte comes alone", async () => {
    const bytes = Buffer.concat(
      [text("one"), text("a".repeat(200)), ping("p"), text("two"), CLOSE].map(
        (frame) => encode(frame),
      ),
    );
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    const expected = await hear(false, chunks);
    expect(expected.seen).toHaveLength(5);
    expect(await hear(true, chunks)).toEqual({ ...expected, fast: 0 });
  });

  test("reads whole text messages itself, several of one chunk too", async () => {
    const frames = [text("a"), text("b".repeat(300)), ping("p"), text("c")];
    const chunk = Buffer.concat(
      [...frames, CLOSE].map((frame) => encode(frame)),
    );
    const { seen, fast } = await hear(true, [chunk]);
    expect(fast).toBe(3);
    expect(seen).toEqual([
      "t:a",
      `t:${"b".repeat(300)}`,
      "ping:p",
      "t:c",
      "close:1000",
    ]);
  });

  test.each([
    ["reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
    ["an unknown opcode", Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
    ["no mask", encode(text("bare"), false)],
    ["a text frame within a fragmented message", encode(text("b"))],
    ["a message over the limit", encode(text("x".repeat(256 * 1024 + 1)))],
  ])("leaves it to ws to refuse %s", async (what, bytes) => {
    const begin = what.includes("fragmented") ? [encode(text("a", false))] : [];
    const chunks = [...begin, bytes, encode(text("after"))];
    const expected = await hear(false, chunks);
    expect(expected.seen.join()).toContain("error:");
    expect(await hear(true, chunks)).toEqual({ ...expected, fast: 0 });
  });

  test("stops reading when the socket is closing", async () => {
    const { peer, socket, seen, fast } = await accept(true);
    socket.close(1001);
    peer.write(Buffer.concat([encode(text("late")), encode(CLOSE)]));
    peer.end();
    await once(socket, "close");
    expect(fast()).toBe(0);
    expect(seen).toEqual(["t:late", "close:1000"]);
  });

  test("reads what a server sends, which is not masked", () => {
    const heard: string[] = [];
    const passed: Buffer[] = [];
    const lane = new FrameLane(
      false,
      (data, start, end) => heard.push(data.toString("utf8", start, end)),
      (chunk) => passed.push(chunk),
    );
    const odd = encode(text("masked"), true);
    lane.read(
      Buffer.concat([encode(text("a"), false), odd, encode(text("b"), false)]),
      true,
    );
    expect(heard).toEqual(["a", "b"]);
    expect(Buffer.concat(passed)).toEqual(odd);
  });

  test("leaves a connection alone that somebody else reads too", async () => {
    const { peer, socket, seen } = await accept(false);
    const [near] = duplexPair();
    near.on("data", () => undefined);
    near.on("data", () => undefined);
    openFrameLane(socket, near, true, () => seen.push("fast"));
    expect(near.listenerCount("data")).toBe(2);
    peer.destroy();
    socket.terminate();
  });
});
