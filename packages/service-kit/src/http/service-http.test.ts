import { afterEach, describe, expect, test } from "@jest/globals";
import type { NextFunction, Request, Response } from "express";
import express from "express";
import { z } from "zod";
import { requestContext, setTenant } from "../context.js";
import type { TestService } from "../fixtures/test-service.js";
import { serve as serveApp } from "../fixtures/test-service.js";
import { Problem, validated } from "../problem.js";

const services: TestService[] = [];

async function serve(
  ...parameters: Parameters<typeof serveApp>
): Promise<TestService> {
  const service = await serveApp(...parameters);
  services.push(service);
  return service;
}

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});

const postJson = (url: string, body: string, headers = {}) =>
  fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

describe("a request id", () => {
  test.each(["r-1", "a.b:c_d-E", "x".repeat(128)])(
    "is taken from the caller when it is sane: %s",
    async (id) => {
      const { url } = await serve((app) => {
        app.get("/who", (_req, res) => res.json(requestContext()));
      });
      const response = await fetch(`${url}/who`, {
        headers: { "x-request-id": id },
      });
      expect(response.headers.get("x-request-id")).toBe(id);
      expect(await response.json()).toEqual({ requestId: id });
    },
  );

  test.each(["", "x".repeat(129), "a b", "a\tb", "é", '{"a":1}'])(
    "is made when the caller's is not sane: %j",
    async (id) => {
      const { url } = await serve(() => undefined);
      const response = await fetch(`${url}/`, {
        headers: { "x-request-id": id },
      });
      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe("a failure", () => {
  test("that a handler means is answered as its problem, with its headers", async () => {
    const { url } = await serve((app) => {
      app.get("/busy", () => {
        throw new Problem({
          status: 503,
          code: "bus_away",
          title: "Events cannot be taken now",
          detail: "Try again",
          headers: { "retry-after": "2" },
          extra: { queue: 3 },
          retryable: true,
        });
      });
    });
    const response = await fetch(`${url}/busy`, {
      headers: { "x-request-id": "r-9" },
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(response.headers.get("content-type")).toBe(
      "application/problem+json; charset=utf-8",
    );
    expect(await response.json()).toEqual({
      type: "urn:easymo:problem:bus_away",
      title: "Events cannot be taken now",
      status: 503,
      code: "bus_away",
      detail: "Try again",
      instance: "r-9",
      queue: 3,
      retryable: true,
    });
  });

  test.each([
    [
      "thrown",
      () => {
        throw new Error("secret detail");
      },
    ],
    [
      "rejected",
      async () => {
        throw new Error("secret detail");
      },
    ],
    // Not an error that one should throw, but a library may.
    [
      "a string",
      (_req: Request, _res: Response, next: NextFunction) =>
        next("secret detail"),
    ],
  ])(
    "that nobody expected (%s) is 500, says nothing of its cause, and is logged",
    async (_, handler) => {
      const { url, kit } = await serve((app) => {
        app.get("/broken", handler);
      });
      const response = await fetch(`${url}/broken`, {
        headers: { "x-request-id": "r-500" },
      });
      const body = await response.text();
      expect(response.status).toBe(500);
      expect(JSON.parse(body)).toMatchObject({
        code: "internal",
        instance: "r-500",
      });
      expect(body).not.toContain("secret detail");
      expect(
        await kit.log.waitFor(({ msg }) => msg === "request failed"),
      ).toMatchObject({ level: "error", requestId: "r-500" });
    },
  );

  test("after the answer has begun breaks the connection off", async () => {
    const { url, kit } = await serve((app) => {
      app.get("/half", (_req, res) => {
        res.set("content-length", "100").write("half");
        throw new Error("too late");
      });
    });
    const read = async () => (await fetch(`${url}/half`)).text();
    await expect(read()).rejects.toThrow();
    expect(
      await kit.log.waitFor(({ msg }) => msg === "request failed"),
    ).toMatchObject({ err: { message: "too late" } });
  });

  test("to find a route is 404", async () => {
    const { url } = await serve(() => undefined);
    for (const method of ["GET", "POST", "DELETE"]) {
      const response = await fetch(`${url}/nowhere`, { method });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "not_found" });
    }
  });

  test("to decode the path is 400", async () => {
    const { url } = await serve((app) => {
      app.get("/things/:id", (_req, res) => res.end());
    });
    const response = await fetch(`${url}/things/%E0%A4%A`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "bad_request" });
  });

  test("to be valid is 400 naming each field", async () => {
    const schema = z.object({ to: z.string(), agent: z.string() });
    const { url } = await serve((app) => {
      app.post("/calls", (req, res) =>
        res.json(validated(schema, req.body, "body")),
      );
    });
    const response = await postJson(`${url}/calls`, '{"to":1}');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: "invalid_request",
      errors: [{ field: "to" }, { field: "agent" }],
    });
    const none = await fetch(`${url}/calls`, { method: "POST" });
    expect(none.status).toBe(400);
  });
});

describe("headers", () => {
  test("do not tell what serves, and tell browsers to be careful", async () => {
    const { url } = await serve(() => undefined);
    const { headers } = await fetch(`${url}/healthz`);
    expect(headers.get("x-powered-by")).toBeNull();
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "content-security-policy": "default-src 'none';frame-ancestors 'none'",
      "strict-transport-security": expect.stringContaining("max-age="),
    });
  });
});

describe("the access log", () => {
  test("has one line per request, with the route instead of the path", async () => {
    const { url, kit } = await serve((app) => {
      const router = express.Router();
      router.get("/:phone", (_req, res) => {
        setTenant("kigali-parts");
        res.json({});
      });
      app.use("/opt-outs", router);
    });
    await fetch(`${url}/opt-outs/%2B250780000001?secret=hunter2`, {
      headers: { "x-request-id": "r-1" },
    });
    const line = await kit.log.waitFor(({ msg }) => msg === "request");
    expect(line).toEqual({
      level: "info",
      time: expect.any(String),
      name: "test-service",
      requestId: "r-1",
      tenantId: "kigali-parts",
      method: "GET",
      route: "/opt-outs/:phone",
      status: 200,
      durationMs: expect.any(Number),
      msg: "request",
    });
    expect(kit.log.lines).toHaveLength(1);
  });

  test("tells of what succeeded at the level that the service chose, and of the rest as ever", async () => {
    const { url, kit } = await serve(
      (app) => {
        app.get("/last", (_req, res) => res.end());
      },
      { successLogLevel: "debug" },
    );
    await fetch(`${url}/nothing`);
    await fetch(`${url}/last`);
    await kit.log.waitFor(({ route }) => route === "/last");
    const levels = kit.log.lines.map(({ status, level }) => [status, level]);
    expect(levels).toEqual([
      [404, "info"],
      [200, "debug"],
    ]);
  });

  test("has none for probes", async () => {
    const { url, kit } = await serve((app) => {
      app.get("/last", (_req, res) => res.end());
    });
    for (const path of [
      "/healthz",
      "/readyz",
      "/health",
      "/metrics",
      "/last",
    ]) {
      await (await fetch(url + path)).text();
    }
    await kit.log.waitFor(({ route }) => route === "/last");
    expect(kit.log.lines.map(({ route }) => route)).toEqual(["/last"]);
  });

  test("tells when the caller went away before the answer", async () => {
    const { url, kit } = await serve((app) => {
      app.get("/slow", (_req, res) => {
        res.write("begun");
      });
    });
    const caller = new AbortController();
    const response = await fetch(`${url}/slow`, { signal: caller.signal });
    await response.body?.getReader().read();
    caller.abort();
    expect(await kit.log.waitFor(({ msg }) => msg === "request")).toMatchObject(
      {
        route: "/slow",
        aborted: true,
      },
    );
  });
});

describe("metrics", () => {
  test("measure requests by method, route and status, and are scraped", async () => {
    const { url, kit } = await serve((app) => {
      app.get("/things/:id", (_req, res) => res.status(204).end());
    });
    await fetch(`${url}/things/250780000001`);
    await fetch(`${url}/nowhere/250780000001`);
    await kit.log.waitFor(({ status }) => status === 404);
    const scrape = await fetch(`${url}/metrics`);
    expect(scrape.headers.get("content-type")).toContain(
      "text/plain; version=0.0.4",
    );
    const text = await scrape.text();
    expect(text).toContain(
      'easymo_http_request_seconds_count{method="GET",route="/things/:id",status="204"} 1',
    );
    expect(text).toContain(
      'easymo_http_request_seconds_count{method="GET",route="(none)",status="404"} 1',
    );
    expect(text).not.toContain("250780000001");
  });
});
