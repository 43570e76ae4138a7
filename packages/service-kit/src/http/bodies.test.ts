import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { Express } from "express";
import type { TestService } from "../fixtures/test-service.js";
import { serve } from "../fixtures/test-service.js";
import { formBody, jsonBody, parseJson, rawBody, rawBodyOf } from "./bodies.js";

let service: TestService | undefined;

async function start(
  configure: (app: Express) => void,
  options: Parameters<typeof serve>[1] = {},
): Promise<string> {
  service = await serve(configure, options);
  return service.url;
}

afterEach(async () => {
  await service?.close();
  service = undefined;
});

function echo(app: Express): void {
  app.post("/echo", (req, res) => {
    const body: unknown = req.body;
    res.json({ body: body ?? null, rawBytes: rawBodyOf(req).length });
  });
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  type: string | undefined = "application/json",
  headers: Record<string, string> = {},
) {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { ...(type === "" ? {} : { "content-type": type }), ...headers },
  });
  const answer: unknown = await response.json();
  return { status: response.status, headers: response.headers, answer };
}

describe("a JSON body", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/cloudevents+json",
  ])("is parsed for the routes (%s)", async (type) => {
    const url = await start(echo);
    expect(await post(`${url}/echo`, '{"a":[1]}', type)).toMatchObject({
      status: 200,
      answer: { body: { a: [1] }, rawBytes: 9 },
    });
  });

  test("is not required", async () => {
    const url = await start(echo);
    const response = await fetch(`${url}/echo`, { method: "POST" });
    expect(await response.json()).toEqual({ body: null, rawBytes: 0 });
  });

  test.each(["{", "nonsense", '"a string"', "1", '{"a":1}}', "\u0000"])(
    "that is bad is 400 and not quoted: %j",
    async (bad) => {
      const url = await start(echo);
      const { status, answer } = await post(`${url}/echo`, bad);
      expect(status).toBe(400);
      expect(answer).toMatchObject({ code: "invalid_json", retryable: false });
      expect(JSON.stringify(answer)).not.toContain("nonsense");
    },
  );

  test("of another media type is 415, naming the right one", async () => {
    const url = await start(echo);
    for (const type of [
      "text/plain",
      "application/xml",
      "application/x-www-form-urlencoded",
    ]) {
      const { status, headers, answer } = await post(
        `${url}/echo`,
        "a=1",
        type,
      );
      expect(status).toBe(415);
      expect(headers.get("accept")).toContain("application/json");
      expect(answer).toMatchObject({ code: "unsupported_media_type" });
    }
  });

  test.each([
    ["charset", "application/json; charset=latin-7", {}],
    ["encoding", "application/json", { "content-encoding": "lzma" }],
  ])("of an unknown %s is 415", async (_, type, headers) => {
    const url = await start(echo);
    expect(await post(`${url}/echo`, "{}", type, headers)).toMatchObject({
      status: 415,
      answer: { code: "unsupported_media_type" },
    });
  });
});

describe("a body's size", () => {
  const filled = (bytes: number) => `"${"x".repeat(bytes - 4)}"`;

  test("may be 64 KiB and not a byte more", async () => {
    const url = await start(echo);
    const fits = `[${filled(64 * 1024)}]`;
    expect(fits).toHaveLength(64 * 1024);
    expect((await post(`${url}/echo`, fits)).status).toBe(200);
    expect(await post(`${url}/echo`, `${fits} `)).toMatchObject({
      status: 413,
      answer: { code: "body_too_large", detail: "Send at most 65536 bytes" },
    });
  });

  test("is the service's to choose, and a route's", async () => {
    const url = await start(
      (app) => {
        app.post("/small", jsonBody({ limitBytes: 10 }), (_req, res) =>
          res.json(1),
        );
        app.post("/echo", jsonBody(), (_req, res) => res.json(2));
      },
      { bodyLimitBytes: 100, bodies: "per-route" },
    );
    expect((await post(`${url}/small`, "[12345678]")).status).toBe(200);
    expect(await post(`${url}/small`, "[123456789]")).toMatchObject({
      status: 413,
      answer: { detail: "Send at most 10 bytes" },
    });
    expect((await post(`${url}/echo`, `[${"1".repeat(98)}]`)).status).toBe(200);
    expect((await post(`${url}/echo`, `[${"1".repeat(99)}]`)).status).toBe(413);
  });

  test("is measured after decompression", async () => {
    const url = await start(echo);
    const bomb = gzipSync(`["${"x".repeat(10_000_000)}"]`);
    expect(bomb.length).toBeLessThan(64 * 1024);
    expect(
      await post(`${url}/echo`, new Uint8Array(bomb), undefined, {
        "content-encoding": "gzip",
      }),
    ).toMatchObject({ status: 413 });
  });

  test("is limited for a body that does not tell its length, too", async () => {
    const url = await start(echo);
    const chunk = new TextEncoder().encode("x".repeat(10_000));
    const response = await fetch(`${url}/echo`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: ReadableStream.from(Array.from({ length: 50 }, () => chunk)),
      duplex: "half",
    });
    expect(response.status).toBe(413);
  });
});

describe("routes that choose", () => {
  const secret = "s3cret";
  const sign = (bytes: Buffer | string) =>
    createHmac("sha256", secret).update(bytes).digest("hex");

  function webhook(app: Express): void {
    app.post("/form", formBody(), (req, res) => {
      const body: unknown = req.body;
      res.json({ body, raw: rawBodyOf(req).toString() });
    });
    app.post("/signed", rawBody(), (req, res) => {
      if (req.get("x-signature") !== sign(rawBodyOf(req))) {
        res.status(401).json({});
        return;
      }
      res.json(parseJson(rawBodyOf(req)));
    });
    app.post("/unread", (req, res) => {
      const body: unknown = req.body;
      res.json({ body: body ?? null });
    });
  }

  test("take forms, flat, with the last of several values of no special meaning", async () => {
    const url = await start(webhook, { bodies: "per-route" });
    const form = "To=%2B250780000001&a%5Bb%5D=1&x=1&x=2";
    expect(
      (await post(`${url}/form`, form, "application/x-www-form-urlencoded"))
        .answer,
    ).toEqual({
      body: { To: "+250780000001", "a[b]": "1", x: ["1", "2"] },
      raw: form,
    });
    expect((await post(`${url}/form`, "{}")).status).toBe(415);
  });

  test("take the bytes as they came, so that a signature is checked before anything else", async () => {
    const url = await start(webhook, { bodies: "per-route" });
    const odd = '{ "a" : 1.0, "é":"\\u00e9" }\n';
    const signed = (body: string, type?: string) =>
      post(`${url}/signed`, body, type, { "x-signature": sign(body) });
    expect(await signed(odd)).toMatchObject({
      status: 200,
      answer: { a: 1, é: "é" },
    });
    expect(await signed(odd, "text/plain")).toMatchObject({ status: 200 });
    expect(await post(`${url}/signed`, "not json")).toMatchObject({
      status: 401,
    });
    expect(await signed("not json")).toMatchObject({
      status: 400,
      answer: { code: "invalid_json" },
    });
    expect(await signed("x".repeat(65_537))).toMatchObject({ status: 413 });
  });

  test("are left alone otherwise", async () => {
    const url = await start(webhook, { bodies: "per-route" });
    expect(await post(`${url}/unread`, "<x/>", "text/xml")).toMatchObject({
      status: 200,
      answer: { body: null },
    });
  });
});
