import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
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

afterEach(async () => {
  for (const { child, exited } of children.splice(0)) {
    child.kill("SIGTERM");
    await exited;
  }
});

test("the demo says where its console is, and Ctrl-C ends it within seconds", async () => {
  const [port = 0] = await freePorts(1);
  const demo = start({ DEMO_PORT: String(port) });
  await demo.said("Ctrl-C ends it.");
  expect(demo.output()).toBe(
    `Starting the platform…\nThe console is at http://127.0.0.1:${port}\nCtrl-C ends it.\n`,
  );
  const phone = new WebSocket(`ws://127.0.0.1:${port}/phone`);
  await once(phone, "open");
  phone.send('{"type":"dial","from":"+250788000201","to":"+250780000001"}');
  await once(phone, "message");
  const endedAtMs = performance.now();
  demo.child.kill("SIGINT");
  expect(await demo.exited).toBe(0);
  expect(performance.now() - endedAtMs).toBeLessThan(20_000);
});

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

test("nobody but this machine's own pages reaches the console", async () => {
  const [port = 0] = await freePorts(1);
  const demo = start({ DEMO_PORT: String(port) });
  await demo.said("Ctrl-C ends it.");
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(url)).status).toBe(200);
  const elsewhere = { origin: "https://elsewhere.example" };
  expect((await fetch(`${url}/api/setup`, { headers: elsewhere })).status).toBe(
    403,
  );
  const phone = new WebSocket(`${url.replace("http", "ws")}/phone`, {
    headers: elsewhere,
  });
  const status = await new Promise((resolve) => {
    phone.once("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
  });
  expect(status).toBe(403);
});
