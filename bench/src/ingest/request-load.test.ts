import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { RequestLoad } from "./request-load.js";

const CONNECTIONS = 5;

let server: Server;
let load: RequestLoad;
let taken: number;
let status: number;

beforeEach(async () => {
  taken = 0;
  status = 202;
  server = createServer((req, res) => {
    req.resume().once("end", () => {
      taken += 1;
      res.writeHead(status, { "content-length": "2" });
      res.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("no port");
  load = new RequestLoad();
  await load.connect({ port: address.port, connections: CONNECTIONS });
});

afterEach(() => {
  load.close();
  server.closeAllConnections();
  server.close();
});

describe("the load of requests", () => {
  test("sends again on each answer, and stands still in between", async () => {
    load.run(0);
    await load.answeredRequests(50);
    const first = await load.pause();
    expect(first.accepted).toBe(taken);
    expect(first.accepted).toBeGreaterThanOrEqual(50);

    const before = taken;
    load.run(0);
    await load.answeredRequests(70);
    const second = await load.pause();
    expect(second.accepted).toBe(taken - before);
    expect(second.accepted).toBeGreaterThanOrEqual(70);
  });

  test("sends at a rate, and answers for all that was due", async () => {
    load.run(2_000);
    await load.answeredRequests(40);
    const { accepted, refused } = await load.pause();
    expect({ accepted, refused }).toEqual({ accepted: taken, refused: 0 });
  });

  test("counts a window alone", async () => {
    load.run(0);
    await load.answeredRequests(30);
    load.beginWindow();
    await load.answeredRequests(20);
    const report = load.endWindow();
    const totals = await load.pause();
    expect(report.accepted).toBeGreaterThanOrEqual(20);
    expect(report.accepted).toBeLessThanOrEqual(totals.accepted - 30);
    expect(report.latency.count).toBe(report.accepted);
  });

  test("counts what is not accepted by itself", async () => {
    status = 503;
    load.run(0);
    await load.answeredRequests(10);
    const { accepted, refused } = await load.pause();
    expect(accepted).toBe(0);
    expect(refused).toBe(taken);
  });
});
