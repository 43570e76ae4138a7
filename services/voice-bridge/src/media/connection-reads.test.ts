import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import {
  createServer,
  type ClientRequest,
  type IncomingMessage,
  type Server,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import {
  connect,
  Socket,
  type AddressInfo,
  type Server as NetServer,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import WebSocket, { WebSocketServer } from "ws";
import { ConnectionReads, READ_BYTES } from "./connection-reads.js";
import { openFrameLane } from "./frame-lane.js";

let memory: Buffer;
let server: Server;
let url: string;

beforeEach(async () => {
  memory = Buffer.alloc(READ_BYTES);
  server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `ws://127.0.0.1:${portOf(server)}`;
});

afterEach(async () => {
  if (!server.listening) return;
  server.close();
  await once(server, "close");
});

function portOf(of: NetServer): number {
  const address: AddressInfo | string | null = of.address();
  if (address === null || typeof address === "string")
    throw new Error("the server has no port");
  return address.port;
}

/** A key and its certificate, made by openssl. */
async function selfSigned(): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "easymo-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"],
    ...["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=127.0.0.1"],
    ...["-keyout", key, "-out", cert],
  ]);
  const pair = { key: await readFile(key), cert: await readFile(cert) };
  await rm(folder, { recursive: true });
  return pair;
}

/** Takes upgrades with shared reads, and tells of every message. */
function acceptShared(
  heard: (path: string, text: string, fast: boolean) => void,
) {
  const sockets = new WebSocketServer({ noServer: true });
  const adopted: { given: Duplex; own: Duplex }[] = [];
  server.on("upgrade", (request, given, head) => {
    const reads = new ConnectionReads(memory);
    const own = reads.adopt(given);
    adopted.push({ given, own });
    sockets.handleUpgrade(request, own, head, (socket) => {
      const path = request.url ?? "";
      socket.on("message", (data) => {
        if (Buffer.isBuffer(data)) heard(path, data.toString(), false);
      });
      openFrameLane(
        socket,
        own,
        true,
        (data, start, end) =>
          heard(path, data.toString("utf8", start, end), true),
        reads,
      );
    });
  });
  return adopted;
}

async function opened(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url}${path}`);
  await once(socket, "open");
  return socket;
}

describe("a connection that reads into shared memory", () => {
  test("is taken over from a server, and its frames are read where they stand", async () => {
    const heard = Promise.withResolvers<string>();
    const adopted = acceptShared((_, text, fast) => {
      if (fast) heard.resolve(text);
    });
    const caller = await opened("/");
    caller.send("Muraho");
    expect(await heard.promise).toBe("Muraho");
    expect(adopted[0]?.own).toBeInstanceOf(Socket);
    expect(adopted[0]?.own).not.toBe(adopted[0]?.given);
    // Nowhere but in that memory was it unmasked.
    expect(memory.includes("Muraho")).toBe(true);
    caller.terminate();
  });

  test("keeps what is longer than one read, while others read into the same memory", async () => {
    const all = Promise.withResolvers<undefined>();
    const got = new Map<string, string[]>();
    const rounds = 20;
    acceptShared((path, text) => {
      got.set(path, [...(got.get(path) ?? []), text]);
      if ([...got.values()].flat().length === rounds * 2)
        all.resolve(undefined);
    });
    const long = Array.from(
      { length: rounds },
      (_, i) => `${i}${"abcdefghij".repeat(20_000 + i)}`,
    );
    const short = Array.from({ length: rounds }, (_, i) => `short ${i}`);
    const [one, other] = await Promise.all([opened("/long"), opened("/short")]);
    for (let i = 0; i < rounds; i++) {
      one.send(long[i] ?? "");
      other.send(short[i] ?? "");
    }
    await all.promise;
    expect(got.get("/long")).toEqual(long);
    expect(got.get("/short")).toEqual(short);
    one.terminate();
    other.terminate();
  });

  test("ends with the socket that the server knows, and that one with it", async () => {
    const adopted = acceptShared(() => undefined);
    const [first, second] = await Promise.all([opened("/1"), opened("/2")]);
    adopted[0]?.given.destroy();
    adopted[1]?.own.destroy();
    await Promise.all([first, second].map((socket) => once(socket, "close")));
    // It waits for every connection that it has counted.
    server.close();
    await once(server, "close");
  });

  test("tells of the peer's end", async () => {
    const adopted = acceptShared(() => undefined);
    const caller = await opened("/");
    const [end] = adopted;
    if (end === undefined) throw new Error("nothing was taken over");
    const ended = once(end.own, "end");
    caller.terminate();
    await ended;
  });

  test("gives copies, in order, to whoever does not ask for more", async () => {
    server.on("connection", (socket) => {
      socket.on("error", () => socket.destroy());
      socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nmuraho");
    });
    const reads = new ConnectionReads(memory);
    const client = connect({
      host: "127.0.0.1",
      port: portOf(server),
      onread: reads.onread,
    });
    reads.of(client);
    const chunks: Buffer[] = [];
    client.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(client, "end");
    memory.fill(0);
    expect(Buffer.concat(chunks).toString()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\n\r\nmuraho",
    );
    client.destroy();
  });

  test("reads what comes encrypted, as the model's does", async () => {
    const messages = Array.from(
      { length: 200 },
      (_, i) => `${i} ${"abc".repeat(i * 30)}`,
    );
    const secure = createSecureServer(await selfSigned());
    new WebSocketServer({ server: secure }).on("connection", (socket) => {
      socket.once("message", () => {
        for (const message of messages) socket.send(message);
      });
    });
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
    const reads = new ConnectionReads(memory);
    const options = {
      rejectUnauthorized: false,
      onread: reads.onread,
      finishRequest: (request: ClientRequest) => {
        request.once("socket", (connection) => reads.of(connection));
        request.end();
      },
    };
    const url = `wss://127.0.0.1:${portOf(secure)}`;
    const client = new WebSocket(url, options);
    const upgraded = new Promise<IncomingMessage>((resolve) =>
      client.once("upgrade", resolve),
    );
    const open = once(client, "open");
    const got: string[] = [];
    let fast = 0;
    const all = Promise.withResolvers<undefined>();
    const take = (text: string): void => {
      got.push(text);
      if (got.length === messages.length) all.resolve(undefined);
    };
    client.on("message", (data) => {
      if (Buffer.isBuffer(data)) take(data.toString());
    });
    const { socket } = await upgraded;
    await open;
    openFrameLane(
      client,
      socket,
      false,
      (data, start, end) => {
        fast += 1;
        take(data.toString("utf8", start, end));
      },
      reads,
    );
    client.send("go on");
    await all.promise;
    expect(got).toEqual(messages);
    expect(fast).toBeGreaterThan(0);
    client.terminate();
    secure.closeAllConnections();
    secure.close();
    await once(secure, "close");
  });
});
