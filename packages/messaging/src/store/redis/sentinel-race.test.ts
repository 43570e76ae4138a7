import {
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startRedis, until, type OwnRedis } from "@easymo/testbed";
import { Redis } from "ioredis";
import { testDependencies } from "../../test-support.js";
import { createStore } from "../create-store.js";
import type { Store } from "../store.js";

const bulk = (text: string): string =>
  `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const list = (...texts: readonly string[]): string =>
  `*${texts.length}\r\n${texts.map(bulk).join("")}`;
/** RESP3: what nobody has asked for. */
const push = (...texts: readonly string[]): string =>
  list(...texts).replace("*", ">");

/** A sentinel that knows one master, and tells of a fail-over just when it is asked where that is. */
class UntimelySentinel {
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();
  readonly #subscribers = new Set<Socket>();
  readonly #master: URL;
  readonly #held: (() => void)[] = [];
  /** Once that many ask, it tells them of a fail-over before it answers them. */
  untimelyFor = 0;

  constructor(masterUrl: string) {
    this.#master = new URL(masterUrl);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) =>
      this.#server.listen(0, "127.0.0.1", resolve),
    );
    const address = this.#server.address();
    if (address === null || typeof address === "string")
      throw new Error("It has no port.");
    return (address satisfies AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#subscribers.delete(socket);
    });
    socket.on("data", (chunk) => {
      // What ioredis asks of a sentinel is short: each command comes whole.
      for (const command of chunk
        .toString()
        .split(/^\*\d+\r\n/m)
        .filter(Boolean))
        this.#answer(
          socket,
          command.split("\r\n").filter((_, at) => at % 2 === 1),
        );
    });
  }

  #tellOfFailOver(): void {
    this.untimelyFor = 0;
    for (const subscriber of this.#subscribers)
      subscriber.write(push("message", "+switch-master", "easymo"));
    // Who is told has read that before the answer comes.
    setTimeout(() => {
      for (const answer of this.#held.splice(0)) answer();
    }, 200);
  }

  #answer(socket: Socket, [name = "", what = ""]: readonly string[]): void {
    const asked = `${name} ${what}`.toLowerCase();
    if (asked === "subscribe +switch-master") {
      this.#subscribers.add(socket);
      socket.write(`>3\r\n${bulk("subscribe")}${bulk(what)}:1\r\n`);
    } else if (asked === "sentinel get-master-addr-by-name") {
      const { hostname, port } = this.#master;
      const answer = (): void => void socket.write(list(hostname, port));
      if (this.untimelyFor === 0) answer();
      else {
        this.#held.push(answer);
        if (this.#held.length === this.untimelyFor) this.#tellOfFailOver();
      }
    } else if (name.toLowerCase() === "hello")
      socket.write(`%1\r\n${bulk("proto")}:3\r\n`);
    else socket.write(asked === "sentinel sentinels" ? "*0\r\n" : "+OK\r\n");
  }
}

let redis: OwnRedis;
let sentinel: UntimelySentinel;
let store: Store;
beforeAll(async () => {
  redis = await startRedis();
  sentinel = new UntimelySentinel(redis.url);
  const port = await sentinel.listen();
  store = createStore(
    `redis+sentinel://127.0.0.1:${port}/easymo`,
    testDependencies(),
  );
  await until(() => store.check().then(() => true));
});
afterAll(async () => {
  await store.close();
  await sentinel.close();
  await redis.stop();
});

test("a fail-over that is told of while the sentinels are being asked for the master leaves nobody without Redis", async () => {
  const heard: string[] = [];
  const listening = store.broadcasts.listen("c", (message) =>
    heard.push(message),
  );
  await listening.ready;
  await until(() => sentinel.subscribers >= 2);
  sentinel.untimelyFor = 2;
  const other = new Redis(redis.url);
  await other.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await other.call("CLIENT", "KILL", "TYPE", "pubsub");
  other.disconnect();
  await until(() => sentinel.untimelyFor === 0);
  await until(() => store.check().then(() => true), { timeoutMs: 120_000 });
  await until(
    () =>
      store.broadcasts.send("c", "back").then(
        () => heard.includes("back"),
        () => false,
      ),
    { timeoutMs: 120_000 },
  );
  expect(heard).toContain("back");
  await listening.end();
});
