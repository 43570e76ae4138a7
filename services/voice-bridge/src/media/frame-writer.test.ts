import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import WebSocket, { WebSocketServer } from "ws";
import { FrameArena, FrameWriter } from "./frame-writer.js";

const EMPTY = Buffer.alloc(0);

describe("writing WebSocket frames straight to a socket", () => {
  let http: Server;
  let sockets: WebSocketServer;
  let client: WebSocket;
  let server: WebSocket;
  let serverSocket: Duplex;
  let clientSocket: Duplex;

  beforeEach(async () => {
    http = createServer();
    sockets = new WebSocketServer({ noServer: true });
    const accepted = new Promise<void>((resolve) => {
      http.on("upgrade", (request, socket, head) => {
        serverSocket = socket;
        sockets.handleUpgrade(request, socket, head, (ws) => {
          server = ws;
          resolve();
        });
      });
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    client = new WebSocket(`ws://127.0.0.1:${port}`);
    client.on("upgrade", (response) => {
      clientSocket = response.socket;
    });
    await Promise.all([once(client, "open"), accepted]);
  });

  afterEach(async () => {
    client.terminate();
    sockets.close();
    http.close();
    await once(http, "close");
  });

  async function received(socket: WebSocket, count: number): Promise<string[]> {
    const texts: string[] = [];
    for await (const [data] of messages(socket)) {
      texts.push(data);
      if (texts.length === count) break;
    }
    return texts;
  }

  async function* messages(socket: WebSocket): AsyncGenerator<[string]> {
    const queue: string[] = [];
    let wake = (): void => undefined;
    socket.on("message", (data) => {
      queue.push(Buffer.isBuffer(data) ? data.toString() : "");
      wake();
    });
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield [next];
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  const sizes = [0, 1, 2, 3, 4, 125, 126, 300, 65_535, 65_536, 200_000];

  test.each([
    ["client's (masked)", true],
    ["server's (unmasked)", false],
  ])("a %s frames of every size arrive as they are", async (_name, masked) => {
    const writer = new FrameWriter(
      masked ? clientSocket : serverSocket,
      new FrameArena(),
      masked,
    );
    const texts = sizes.map((size) => "é".repeat(size).slice(0, size));
    const arrival = received(masked ? server : client, texts.length);
    for (const text of texts) writer.writeText(text);
    expect(await arrival).toEqual(texts);
  });

  test("prefix, slice and suffix are one message, in the order of the calls", async () => {
    const writer = new FrameWriter(clientSocket, new FrameArena(), true);
    const arrival = received(server, 500);
    const expected: string[] = [];
    for (let i = 0; i < 500; i++) {
      const body = Buffer.from(`__body${i}__`);
      writer.write(
        Buffer.from("<"),
        body,
        2,
        body.length - 2,
        Buffer.from(">"),
      );
      expected.push(`<body${i}>`);
    }
    expect(await arrival).toEqual(expected);
  });

  test("two writers that share memory do not touch each other's frames", async () => {
    const arena = new FrameArena();
    const a = new FrameWriter(clientSocket, arena, true);
    const b = new FrameWriter(serverSocket, arena, false);
    const atServer = received(server, 1_000);
    const atClient = received(client, 1_000);
    for (let i = 0; i < 1_000; i++) {
      a.writeText(`a${i}`.padEnd(i, "x"));
      b.writeText(`b${i}`.padEnd(i, "y"));
    }
    expect((await atServer)[999]).toBe("a999".padEnd(999, "x"));
    expect((await atClient)[999]).toBe("b999".padEnd(999, "y"));
  });

  test("memory is written again without harm to what is on its way", async () => {
    const arena = new FrameArena();
    const a = new FrameWriter(clientSocket, arena, true);
    const b = new FrameWriter(serverSocket, arena, false);
    const atServer = received(server, 3_000);
    const atClient = received(client, 3_000);
    const expected = Array.from({ length: 3_000 }, (_, i) =>
      String(i).padEnd(i % 700, "z"),
    );
    for (const [i, text] of expected.entries()) {
      a.writeText(text);
      b.writeText(text);
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await atServer).toEqual(expected);
    expect(await atClient).toEqual(expected);
  });

  test("all frames of one turn of the event loop are one write", async () => {
    const socket = new PassThrough();
    const writes: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => writes.push(chunk));
    const writer = new FrameWriter(socket, new FrameArena(), false);
    for (let i = 0; i < 10; i++)
      writer.write(EMPTY, Buffer.from("abc"), 0, 3, EMPTY);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveLength(1);
    expect(writes[0]).toHaveLength(50);
  });

  test("nothing is written to a socket that is gone", () => {
    const socket = new PassThrough();
    socket.destroy();
    const writer = new FrameWriter(socket, new FrameArena(), false);
    writer.writeText("late");
    expect(() => writer.flush()).not.toThrow();
  });
});
