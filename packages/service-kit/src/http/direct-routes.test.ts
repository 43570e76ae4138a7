import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requestContext, setTenant } from "../context.js";
import { testKit } from "../fixtures/test-service.js";
import { listen, type RunningService } from "../listen.js";
import { Problem } from "../problem.js";
import { jsonBody } from "./bodies.js";
import { withDirectRoutes, type DirectAnswer } from "./direct-routes.js";
import { createServiceHttp } from "./service-http.js";

/** The same service twice: one with a direct route before its application, one without. */

const kit = testKit();
let direct: RunningService;
let long: RunningService;
let takenDirectly = 0;
const over: { durationMs: number; error: unknown }[] = [];

/** What the route does, whichever way it is reached. */
function admit(token: string | undefined): void {
  setTenant("kigali-parts");
  if (token === "none")
    throw new Problem({
      status: 401,
      code: "unauthorized",
      title: "Who are you?",
      headers: { "www-authenticate": "Bearer" },
      retryable: false,
    });
}

function answer(body: unknown): Promise<DirectAnswer> {
  if (JSON.stringify(body).includes("fail")) throw new Error("+250788400001");
  if (JSON.stringify(body).includes("later"))
    return Promise.reject(
      new Problem({
        status: 409,
        code: "in_flight",
        title: "Later",
        headers: { "retry-after": "1" },
      }),
    );
  return Promise.resolve({
    status: 202,
    headers: { "idempotency-replayed": "true" },
    json: JSON.stringify({ taken: body, context: requestContext() }),
  });
}

beforeAll(async () => {
  const app = createServiceHttp({
    kit,
    dependencies: {},
    bodies: "per-route",
    configure: (routes) => {
      routes.post("/events", (req, _res, next) => {
        admit(req.headers.authorization);
        next();
      });
      routes.post("/events", jsonBody(), async (req, res) => {
        const { status, headers, json } = await answer(req.body);
        res.status(status).set(headers).type("application/json").send(json);
      });
    },
  });
  const service = (http: typeof app | ReturnType<typeof withDirectRoutes>) =>
    listen(
      {
        http,
        start: () => Promise.resolve(),
        drain: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      { port: 0, host: "127.0.0.1" },
    );
  long = await service(app);
  direct = await service(
    withDirectRoutes(app, {
      kit,
      routes: [
        {
          method: "POST",
          path: "/events",
          done: (durationMs, error) => over.push({ durationMs, error }),
          admit: (req) => {
            admit(req.headers.authorization);
            return (body) => {
              takenDirectly += 1;
              return answer(body);
            };
          },
        },
      ],
    }),
  );
});
afterAll(async () => {
  await direct.close();
  await long.close();
});

async function post(
  { url }: RunningService,
  body: string,
  headers: Record<string, string>,
) {
  const response = await fetch(`${url}/events`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-request-id": "the-request",
      ...headers,
    },
  });
  const entries = [...response.headers].filter(([name]) => name !== "date");
  return {
    status: response.status,
    headers: Object.fromEntries(entries),
    body: await response.text(),
  };
}

/** The end of a request is told after its answer has been sent. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((next) => setImmediate(next));
}

describe("a direct route", () => {
  test.each<[string, string, Record<string, string>]>([
    ["an object", '{"a":"é🙂"}', {}],
    ["an array", "[1]", {}],
    ["a body after a byte order mark", "\ufeff{}", {}],
    [
      "a body with its charset",
      "{}",
      { "content-type": "application/json; charset=UTF-8" },
    ],
    ["nonsense", "{", {}],
    ["a string", '"text"', {}],
    ["null", "null", {}],
    ["a problem before the body is read", "{}", { authorization: "none" }],
    ["a problem after it", '{"later":1}', {}],
    ["an error", '{"fail":1}', {}],
    ["another type", "a=1", { "content-type": "text/plain" }],
    [
      "another charset",
      "{}",
      { "content-type": "application/json; charset=utf-16" },
    ],
    ["another JSON", "{}", { "content-type": "application/cloudevents+json" }],
    ["nothing", "", {}],
    ["too much", `["${"x".repeat(70_000)}"]`, {}],
    ["a coding that it has not", "{}", { "content-encoding": "gzip" }],
  ])(
    "answers %s as the application does, header by header",
    async (_, body, headers) => {
      expect(await post(direct, body, headers)).toEqual(
        await post(long, body, headers),
      );
    },
  );

  test("takes what is plain by itself, and leaves the rest to the application", async () => {
    const before = takenDirectly;
    await post(direct, "{}", {});
    expect(takenDirectly).toBe(before + 1);
    await post(direct, "{}", { "content-type": "application/x+json" });
    const other = await fetch(`${direct.url}/healthz`);
    expect(other.status).toBe(200);
    expect(takenDirectly).toBe(before + 1);
  });

  test("reads a body that comes in pieces", async () => {
    const socket = connect(direct.port, "127.0.0.1");
    socket.write(
      "POST /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n",
    );
    // Each piece is on its way before the next is written.
    for (const piece of ['{"a', '":"', 'b"}'])
      await new Promise<void>((done) => socket.write(piece, () => done()));
    let answered = "";
    socket.on("data", (chunk: Buffer) => (answered += chunk.toString()));
    await once(socket, "close");
    expect(answered).toContain('{"taken":{"a":"b"},"context":');
  });

  test("is logged and measured, with its request and its tenant", async () => {
    await post(direct, '{"fail":1}', { "x-request-id": "failing" });
    const line = await kit.log.waitFor(
      ({ msg, requestId }) => msg === "request" && requestId === "failing",
    );
    expect(line).toMatchObject({
      tenantId: "kigali-parts",
      method: "POST",
      route: "/events",
      status: 500,
    });
    expect(JSON.stringify(kit.log.lines)).not.toContain("+250788400001");
    expect(await kit.metrics.registry.metrics()).toContain(
      'easymo_http_request_seconds_count{method="POST",route="/events",status="202"}',
    );
  });

  test("is told when a request is over, and of its error", async () => {
    over.length = 0;
    await post(direct, "{}", {});
    await post(direct, "{", {});
    await post(direct, "{}", { authorization: "none" });
    await until(() => over.length === 3);
    expect(over.map(({ error }) => error)).toEqual([
      undefined,
      expect.objectContaining({ code: "invalid_json" }),
      expect.objectContaining({ code: "unauthorized" }),
    ]);
    for (const { durationMs } of over)
      expect(durationMs).toBeGreaterThanOrEqual(0);
  });

  test("whose client goes away is logged as broken off", async () => {
    const socket = connect(direct.port, "127.0.0.1");
    socket.write(
      "POST /events HTTP/1.1\r\nhost: x\r\nx-request-id: gone\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
    );
    await once(socket, "connect");
    await fetch(`${direct.url}/healthz`);
    socket.destroy();
    const line = await kit.log.waitFor(({ requestId }) => requestId === "gone");
    expect(line).toMatchObject({ aborted: true, route: "/events" });
  });
});
