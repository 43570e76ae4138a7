import { ServiceProcess, until } from "@easymo/testbed";
import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  ENV,
  newCall,
  postEvents,
  routingFile,
} from "./testing/running-ingress.js";

/** The service as a process of its own. */

let env: Record<string, string>;

beforeAll(async () => {
  env = { ...ENV, ROUTING_FILE: await routingFile() };
});

describe("the process", () => {
  test("serves, keeps who calls out of its log, and told to end exits with 0", async () => {
    const service = await ServiceProcess.start("sip-ingress", {
      ...env,
      LOG_LEVEL: "debug",
    });
    try {
      const body = newCall().event("ringing", {
        from: "+250788400001",
        payload: { text: "a secret word" },
      });
      expect((await postEvents(service.url, body)).status).toBe(202);
      expect(
        (await postEvents(service.url, { ...body, event: 1 })).status,
      ).toBe(400);
      service.signal("SIGTERM");
      expect(await service.exited).toEqual({ code: 0, signal: null });
      expect(service.output).toContain('"tenantId":"kigali-parts"');
      expect(service.output).not.toMatch(/\+250788400001|secret word/);
    } finally {
      await service.stop();
    }
  });

  test("with a bad environment ends with 78 and a line per variable, without secrets", async () => {
    const service = await ServiceProcess.launch("sip-ingress", {
      ...env,
      SIP_INGRESS_TOKENS: "kigali-parts=spaced secret",
      SIP_RATE_PER_SECOND: "many",
      SIP_DEFAULT_COUNTRY: "Rwanda",
      OPENAI_BASE_URL: "api.openai.example",
    });
    expect((await service.exited).code).toBe(78);
    expect(service.output.trim().split("\n")).toEqual([
      expect.stringMatching(/^SIP_INGRESS_TOKENS: entry 1: /),
      expect.stringMatching(/^SIP_RATE_PER_SECOND: .*many/),
      expect.stringMatching(/^SIP_DEFAULT_COUNTRY: .*Rwanda/),
      expect.stringMatching(/^OPENAI_BASE_URL: /),
    ]);
    expect(service.output).not.toContain("spaced secret");
  });

  test.each([
    ["kigali-parts", "entry 1: expected tenant=token"],
    ["=0123456789abcdef", "entry 1: expected tenant=token"],
    ["a b=0123456789abcdef", "entry 1: expected tenant=token"],
    ["a=0123456789abcdef,b=with space here it is", "entry 2: expected a token"],
    [
      "a=0123456789abcdef,b=0123456789abcdef",
      "entry 2: the token was given before",
    ],
  ])("does not start with the tokens %p", async (tokens, problem) => {
    const service = await ServiceProcess.launch("sip-ingress", {
      ...env,
      SIP_INGRESS_TOKENS: tokens,
    });
    expect((await service.exited).code).toBe(78);
    expect(service.output).toContain(problem);
  });

  test("takes a token that can be guessed, and says whose it is without showing it", async () => {
    const service = await ServiceProcess.start("sip-ingress", {
      ...env,
      SIP_INGRESS_TOKENS: "kigali-parts=0123456789abcdef,other=s3cr:t",
    });
    try {
      await until(
        () => Promise.resolve(service.output.includes("can be guessed")),
        { what: "The warning" },
      );
      expect(service.output).toContain('"tenants":["other"]');
      expect(service.output).not.toContain("s3cr:t");
    } finally {
      await service.stop();
    }
  });

  test("needs an API key to answer the calls that a webhook secret lets in", async () => {
    const service = await ServiceProcess.launch("sip-ingress", {
      ...env,
      OPENAI_WEBHOOK_SECRET: "whsec_c2VjcmV0",
    });
    expect((await service.exited).code).toBe(78);
    expect(service.output).toMatch(/^OPENAI_API_KEY: /m);
    expect(service.output).not.toContain("whsec");
  });
});
