import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mintTenantToken } from "@easymo/agent-core-client";
import { SignJWT } from "jose";
import {
  jwtSecret,
  newTenant,
  type RunningAgentCore,
  startAgentCore,
} from "../testing/running.js";

const secret = new TextEncoder().encode(jwtSecret);
const hour = 3_600;

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function signed(
  claims: Record<string, unknown>,
  expiry: string | number = "5m",
) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(expiry)
    .sign(secret);
}

describe("who asks", () => {
  let core: RunningAgentCore;
  beforeAll(async () => {
    core = await startAgentCore({ databaseUrl: "pglite:memory" });
  });
  afterAll(() => core.close());

  const ask = (authorization?: string) =>
    core.send("GET", "/tools/leads", {
      headers: authorization === undefined ? {} : { authorization },
    });

  test("is known by a token with the tenant's id", async () => {
    const token = await mintTenantToken(jwtSecret, newTenant());
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    expect((await ask(`bearer ${token}`)).status).toBe(200);
  });

  const nowSeconds = Math.floor(Date.now() / 1_000);
  const unsigned = `${part({ alg: "none" })}.${part({ tenantId: "t" })}.`;
  const otherAlgorithm = (() => {
    const content = `${part({ alg: "HS512" })}.${part({ tenantId: "t", exp: nowSeconds + hour })}`;
    const signature = createHmac("sha512", jwtSecret).update(content);
    return `${content}.${signature.digest("base64url")}`;
  })();

  test.each<[string, () => Promise<string | undefined>]>([
    ["no token", async () => undefined],
    ["no scheme", async () => mintTenantToken(jwtSecret, "t")],
    [
      "another scheme",
      async () => `Basic ${Buffer.from("t:t").toString("base64")}`,
    ],
    ["an empty token", async () => "Bearer "],
    ["something else", async () => "Bearer not.a.token"],
    ["no signature", async () => `Bearer ${unsigned}`],
    ["another algorithm", async () => `Bearer ${otherAlgorithm}`],
    [
      "another secret",
      async () => `Bearer ${await mintTenantToken("another secret", "t")}`,
    ],
    [
      "an old token",
      async () =>
        `Bearer ${await mintTenantToken(jwtSecret, "t", { nowMs: Date.now() - hour * 1_000 })}`,
    ],
    [
      "a token of the future",
      async () =>
        `Bearer ${await new SignJWT({ tenantId: "t" })
          .setProtectedHeader({ alg: "HS256" })
          .setNotBefore("1h")
          .setExpirationTime("2h")
          .sign(secret)}`,
    ],
    ["no tenant", async () => `Bearer ${await signed({ sub: "t" })}`],
    ["an empty tenant", async () => `Bearer ${await signed({ tenantId: "" })}`],
    ["a number", async () => `Bearer ${await signed({ tenantId: 7 })}`],
  ])("with %s is answered 401", async (_what, header) => {
    const answer = await ask(await header());
    expect(answer).toMatchObject({
      status: 401,
      body: { code: "unauthorized", status: 401 },
    });
    expect(answer.headers.get("www-authenticate")).toContain("Bearer");
    expect(answer.headers.get("content-type")).toContain(
      "application/problem+json",
    );
  });

  test("need not be known to see whether the service is well, and what it can do", async () => {
    for (const path of [
      "/healthz",
      "/readyz",
      "/health",
      "/metrics",
      "/openapi.json",
    ])
      expect((await core.send("GET", path)).status).toBe(200);
  });

  test("is asked for before the body is judged", async () => {
    const answer = await core.send("POST", "/tools/log-lead", { body: {} });
    expect(answer.status).toBe(401);
  });
});
