import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { freePorts } from "@easymo/testbed";
import { WebSocket } from "ws";

const server = fileURLToPath(new URL("../dist/server.js", import.meta.url));
const children: ReturnType<typeof run>[] = [];

/** The demo's own process, as `make demo` starts it. */
function run(env: Record<string, string>) {
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, OPENAI_API_KEY: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const onOutput: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      for (const check of onOutput) check();
    });
  }
  return {
    child,
    output: () => output,
    exited: once(child, "exit").then(([code]) => Number(code)),
    said: (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (output.includes(text)) resolve();
        };
        onOutput.push(check);
        check();
      }),
  };
}

function start(env: Record<string, string>) {
  const process = run(env);
  children.push(process);
  return process;
}

afterAll(async () => {
  for (const { child, exited } of children.splice(0)) {
    child.kill("SIGTERM");
    await exited;
  }
});

describe("the demo", () => {
  let port: number;
  let demo: ReturnType<typeof run>;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    demo = start({ DEMO_PORT: String(port) });
    await demo.said("Ctrl-C ends it.");
  });

  test("says where its console is", () => {
    expect(demo.output()).toBe(
      `Starting the platform…\nThe console is at http://127.0.0.1:${port}\nCtrl-C ends it.\n`,
    );
  });

  test("lets nobody but this machine's own pages reach the console", async () => {
    const url = `http://127.0.0.1:${port}`;
    expect((await fetch(url)).status).toBe(200);
    const elsewhere = { origin: "https://elsewhere.example" };
    const setup = await fetch(`${url}/api/setup`, { headers: elsewhere });
    expect(setup.status).toBe(403);
    for (const door of ["phone", "whatsapp"])
      expect(
        await refusalOf(`${url.replace("http", "ws")}/${door}`, elsewhere),
      ).toBe(403);
  });

  test("is ended by Ctrl-C within seconds, in the middle of a call", async () => {
    const phone = new WebSocket(`ws://127.0.0.1:${port}/phone`);
    await once(phone, "open");
    phone.send('{"type":"dial","from":"+250788000201","to":"+250780000001"}');
    await once(phone, "message");
    demo.child.kill("SIGINT");
    // It gives itself seconds: afterwards it would end with another code.
    expect(await demo.exited).toBe(0);
  });
});

/** The status with which a socket is refused. */
function refusalOf(
  url: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  const socket = new WebSocket(url, { headers });
  return new Promise((resolve) => {
    socket.once("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
  });
}

test("a port that is in use is told in one sentence", async () => {
  const other = createServer();
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => {
    other.listen(port, "127.0.0.1", resolve);
  });
  try {
    const demo = start({ DEMO_PORT: String(port) });
    expect(await demo.exited).toBe(1);
    expect(demo.output()).toBe(
      `Starting the platform…\nPort ${port} of 127.0.0.1 is in use: end what listens there, or set DEMO_PORT to another port.\n`,
    );
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test("a port that is none ends it with the code for a bad configuration", async () => {
  const demo = start({ DEMO_PORT: "eighty" });
  expect(await demo.exited).toBe(78);
  expect(demo.output()).toMatch(/^DEMO_PORT: .*integer from 0 to 65535.*\n$/);
});
