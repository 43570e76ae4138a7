import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, get, request } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { serve } from "./fixtures/test-service.js";
import type { ServiceApp } from "./listen.js";
import { listen } from "./listen.js";

const local = { port: 0, host: "127.0.0.1" };

/** A promise, and the way to fulfil it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

function plainApp(app: Partial<ServiceApp> = {}): ServiceApp {
  return {
    http: (_req, res) => res.end("ok"),
    start: () => Promise.resolve(),
    drain: () => Promise.resolve(),
    close: () => Promise.resolve(),
    ...app,
  };
}

/** Everything that comes on a socket until it ends. */
async function textOf(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
  }
  return text;
}

describe("shutting down", () => {
  test("goes phase by phase, not ready at once, answering while it drains", async () => {
    const phases: string[] = [];
    const drained = gate();
    const draining = gate();
    const service = await serve(
      (app) => {
        app.get("/hello", (_req, res) => res.json("hello"));
      },
      {
        app: {
          start: async () => void phases.push("start"),
          stopTaking: () => void phases.push("stopTaking"),
          drain: async () => {
            phases.push("drain");
            draining.open();
            await drained.opened;
          },
          close: async () => void phases.push("close"),
        },
      },
    );
    const closed = service.close();
    await draining.opened;
    const ready = await fetch(`${service.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: "shutting_down" });
    expect(ready.headers.get("connection")).toBe("close");
    const alive = await fetch(`${service.url}/healthz`);
    expect(alive.status).toBe(200);
    expect((await fetch(`${service.url}/hello`)).status).toBe(200);
    expect(phases).toEqual(["start", "stopTaking", "drain"]);
    drained.open();
    await closed;
    expect(phases).toEqual(["start", "stopTaking", "drain", "close"]);
    await expect(fetch(`${service.url}/hello`)).rejects.toThrow();
  });

  test("finishes the requests that were taken before the app is closed", async () => {
    const order: string[] = [];
    const arrived = gate();
    const answer = gate();
    const drained = gate();
    const service = await listen(
      plainApp({
        http: (_req: IncomingMessage, res: ServerResponse) => {
          arrived.open();
          void answer.opened.then(() => {
            order.push("answered");
            res.end("late");
          });
        },
        drain: async () => drained.open(),
        close: async () => void order.push("closed"),
      }),
      local,
    );
    const response = fetch(service.url);
    await arrived.opened;
    const closed = service.close();
    await drained.opened;
    answer.open();
    expect(await (await response).text()).toBe("late");
    await closed;
    expect(order).toEqual(["answered", "closed"]);
  });

  test("ends idle keep-alive connections while it drains: they would bring what is for another replica", async () => {
    const drained = gate();
    const service = await listen(
      { ...plainApp(), drain: () => drained.opened },
      local,
    );
    const agent = new Agent({ keepAlive: true });
    const socketClosed = new Promise<void>((resolve, reject) => {
      get(service.url, { agent }, (res) => {
        res.socket.once("close", () => resolve());
        res.resume();
      }).on("error", reject);
    });
    await new Promise<void>((resolve) => {
      agent.once("free", () => resolve());
    });
    const closed = service.close();
    await socketClosed;
    drained.open();
    await closed;
    agent.destroy();
  });

  test("does not wait for idle keep-alive connections", async () => {
    const service = await listen(plainApp(), local);
    const agent = new Agent({ keepAlive: true });
    const socketClosed = new Promise<void>((resolve, reject) => {
      get(service.url, { agent }, (res) => {
        res.socket.once("close", () => resolve());
        res.resume();
      }).on("error", reject);
    });
    await new Promise<void>((resolve) => {
      agent.once("free", () => resolve());
    });
    await service.close();
    await socketClosed;
    agent.destroy();
  });

  test("cuts upgraded sockets that the app left open", async () => {
    const service = await listen(
      plainApp({
        upgrade: (_req, socket) => {
          socket.on("error", () => undefined);
          socket.write(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n",
          );
        },
      }),
      local,
    );
    const socket = await new Promise<Socket>((resolve, reject) => {
      request(service.url, {
        headers: { connection: "upgrade", upgrade: "echo" },
      })
        .on("upgrade", (_res, upgraded) => resolve(upgraded))
        .on("error", reject)
        .end();
    });
    socket.on("error", () => undefined);
    const cut = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    await service.close();
    await cut;
  });

  test("goes through all phases though one fails, and tells of it", async () => {
    let closed = false;
    const service = await listen(
      plainApp({
        stopTaking: () => {
          throw new Error("stop");
        },
        drain: () => Promise.reject(new Error("drain")),
        close: async () => {
          closed = true;
        },
      }),
      local,
    );
    await expect(service.close()).rejects.toMatchObject({
      errors: [new Error("stop"), new Error("drain")],
    });
    expect(closed).toBe(true);
  });

  test("happens once, however often it is asked for", async () => {
    let closes = 0;
    const service = await listen(
      plainApp({
        close: async () => {
          closes++;
        },
      }),
      local,
    );
    await Promise.all([service.close(), service.close()]);
    await service.close();
    expect(closes).toBe(1);
  });
});

describe("listening", () => {
  test("fails, with everything closed, when the app does not start", async () => {
    let closed = false;
    const app = plainApp({
      start: () => Promise.reject(new Error("no broker")),
      close: async () => {
        closed = true;
      },
    });
    const probe = await listen(plainApp(), local);
    const { port } = probe;
    await probe.close();
    await expect(listen(app, { ...local, port })).rejects.toThrow("no broker");
    expect(closed).toBe(true);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  test("fails when the port is taken", async () => {
    const first = await listen(plainApp(), local);
    await expect(
      listen(plainApp(), { ...local, port: first.port }),
    ).rejects.toMatchObject({ code: "EADDRINUSE" });
    await first.close();
  });

  test("answers probes, not ready, while the app starts", async () => {
    const started = gate();
    const port = await listen(plainApp(), local).then(async (service) => {
      await service.close();
      return service.port;
    });
    const asked = gate();
    const serving = serve(() => undefined, {
      listen: { port },
      app: {
        start: async () => {
          asked.open();
          await started.opened;
        },
      },
    });
    await asked.opened;
    const early = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(early.status).toBe(503);
    expect(await early.json()).toMatchObject({ status: "starting" });
    started.open();
    const service = await serving;
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await service.close();
  });

  test("gives an address that can be connected to", async () => {
    const service = await listen(plainApp(), { port: 0, host: "0.0.0.0" });
    expect(service.url).toBe(`http://127.0.0.1:${service.port}`);
    expect(await (await fetch(service.url)).text()).toBe("ok");
    await service.close();
  });
});

describe("what never becomes a request", () => {
  async function send(bytes: string, requestTimeoutMs?: number) {
    const service = await listen(plainApp(), {
      ...local,
      ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    });
    const socket = connect(service.port, "127.0.0.1");
    socket.write(bytes);
    const text = await textOf(socket);
    await service.close();
    return text;
  }

  test.each([
    ["is not HTTP", "nonsense\r\n\r\n", 400, "bad_request"],
    [
      "has headers without end",
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(40_000)}`,
      431,
      "headers_too_large",
    ],
  ])("because it %s is told so", async (_, bytes, status, code) => {
    const text = await send(bytes);
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(text).toContain("content-type: application/problem+json");
    expect(text).toContain(`"code":"${code}"`);
  });

  test.each([
    ["headers", "GET / HTTP/1.1\r\nhost: x\r\nx-half"],
    ["first line", "GE"],
  ])("because its %s never end is cut off in time", async (_, bytes) => {
    const text = await send(bytes, 200);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('"code":"request_timeout"');
  });

  test("because its body never ends is cut off in time", async () => {
    const service = await serve(
      (app) => {
        app.post("/", (_req, res) => res.end());
      },
      { listen: { requestTimeoutMs: 200 } },
    );
    const socket = connect(service.port, "127.0.0.1");
    socket.write(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{",
    );
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 /);
    await service.close();
  });
});
