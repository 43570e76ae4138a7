import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import type { Environment } from "./config.js";
import {
  commaList,
  commonSettings,
  ConfigError,
  flag,
  integer,
  readConfig,
  secret,
  settings,
  url,
} from "./config.js";

function problemsOf(shape: z.ZodRawShape, env: Environment): string[] {
  try {
    readConfig(shape, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message.split("\n");
    }
    throw error;
  }
}

describe("the settings of every service", () => {
  test("have their defaults", () => {
    expect(readConfig(settings({ port: 4100 }), {})).toEqual({
      PORT: 4100,
      HOST: "0.0.0.0",
      LOG_LEVEL: "info",
      SHUTDOWN_GRACE_SECONDS: 25,
    });
    expect(
      readConfig(settings({ port: 1, graceSeconds: 90 }), {}),
    ).toMatchObject({ SHUTDOWN_GRACE_SECONDS: 90 });
  });

  test("are taken from the environment", () => {
    const env = {
      PORT: "0",
      HOST: "::1",
      LOG_LEVEL: "debug",
      SHUTDOWN_GRACE_SECONDS: "5",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
    };
    expect(readConfig(settings({ port: 4100 }), env)).toEqual({
      ...env,
      PORT: 0,
      SHUTDOWN_GRACE_SECONDS: 5,
    });
  });

  test("need a port where no default is given", () => {
    expect(problemsOf(commonSettings, {})).toEqual([
      "PORT: is required but not set",
    ]);
  });
});

describe("a bad variable", () => {
  test("is told with what was expected and what it is", () => {
    expect(problemsOf(settings({ port: 1 }), { PORT: "abc" })).toEqual([
      'PORT: expected an integer from 0 to 65535, got "abc"',
    ]);
  });

  test.each([
    "65536",
    "-1",
    "1.5",
    "0x10",
    " 80",
    "80 ",
    "1e3",
    "9".repeat(20),
  ])("PORT=%j is not a port", (PORT) => {
    expect(problemsOf(settings({ port: 1 }), { PORT })).toHaveLength(1);
  });

  test("is told together with every other one, once each", () => {
    const shape = {
      ...settings({ port: 1 }),
      BROKERS: commaList(),
      SSL: flag().default(false),
      CORE: url(),
    };
    const env = {
      PORT: "x",
      LOG_LEVEL: "loud",
      SSL: "maybe",
      CORE: "ftp://core",
      SHUTDOWN_GRACE_SECONDS: "0",
    };
    expect(problemsOf(shape, env)).toEqual([
      'PORT: expected an integer from 0 to 65535, got "x"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
      'SHUTDOWN_GRACE_SECONDS: expected an integer from 1 to 86400, got "0"',
      "BROKERS: is required but not set",
      'SSL: expected true or false, got "maybe"',
      'CORE: expected a URL starting with http:// or https://, got "ftp://core"',
    ]);
  });

  test("does not show the password of a URL, nor run over the line", () => {
    const [shown] = problemsOf(
      { PLACE: url(["redis"]) },
      { PLACE: "http://user:hunter2@host" },
    );
    expect(shown).toContain('got "http://***@host"');
    const [long] = problemsOf(
      { N: integer({ min: 0, max: 9 }) },
      {
        N: `1\n${"x".repeat(5_000)}`,
      },
    );
    expect(long?.length).toBeLessThan(200);
    expect(long).not.toContain("\n");
  });

  test("may be one that only fails together with another", () => {
    const shape = {
      MECHANISM: z.string().optional(),
      USERNAME: z.string().optional(),
    };
    const read = () =>
      readConfig(shape, { MECHANISM: "plain" }, (config, problem) => {
        if (config.MECHANISM !== undefined && config.USERNAME === undefined) {
          problem("USERNAME", "is required with MECHANISM");
        }
      });
    expect(read).toThrow("USERNAME: is required with MECHANISM");
  });
});

describe("an empty variable", () => {
  test("counts as unset", () => {
    expect(
      readConfig(settings({ port: 7 }), { PORT: "", HOST: "" }),
    ).toMatchObject({ PORT: 7, HOST: "0.0.0.0" });
    expect(problemsOf({ TOKEN: secret() }, { TOKEN: "" })).toEqual([
      "TOKEN: is required but not set",
    ]);
  });
});

describe("single settings", () => {
  test("flags, lists and URLs are read as one would write them", () => {
    const shape = { A: flag(), B: commaList(), C: url(["postgres", "pglite"]) };
    const env = { A: "Yes", B: "a:1, b:2,,", C: "postgres://u:p@h/db" };
    expect(readConfig(shape, env)).toEqual({
      A: true,
      B: ["a:1", "b:2"],
      C: "postgres://u:p@h/db",
    });
  });
});

describe("a secret", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "config-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function file(content: string): string {
    const path = join(folder, "secret");
    writeFileSync(path, content);
    return path;
  }

  test.each([
    ["plain", secret()],
    ["optional", secret().optional()],
    ["with a least length", secret().min(3)],
    ["with a default", secret().default("x")],
    ["transformed", secret().transform((value) => value)],
    ["refined and optional", secret().regex(/./).min(1).optional()],
    ["marked by metadata", z.string().meta({ secret: true }).optional()],
  ])("comes from the file that NAME_FILE names (%s)", (_, schema) => {
    const TOKEN_FILE = file("hunter2\n");
    expect(readConfig({ TOKEN: schema }, { TOKEN_FILE })).toEqual({
      TOKEN: "hunter2",
    });
  });

  test("loses one newline at its end and nothing else", () => {
    const TOKEN_FILE = file(" a\nb \r\n");
    expect(readConfig({ TOKEN: secret() }, { TOKEN_FILE }).TOKEN).toBe(
      " a\nb ",
    );
  });

  test("is not looked for in a file when it is not a secret", () => {
    expect(
      problemsOf({ PLAIN: z.string() }, { PLAIN_FILE: file("x") }),
    ).toEqual(["PLAIN: is required but not set"]);
  });

  test("cannot be given twice", () => {
    expect(
      problemsOf({ TOKEN: secret() }, { TOKEN: "a", TOKEN_FILE: file("a") }),
    ).toEqual(["TOKEN: set TOKEN or TOKEN_FILE, not both"]);
  });

  test("whose file cannot be read, or is empty, is a problem, also when optional", () => {
    const path = join(folder, "nowhere");
    expect(
      problemsOf({ TOKEN: secret().optional() }, { TOKEN_FILE: path }),
    ).toEqual([
      `TOKEN: cannot read the file that TOKEN_FILE names (${path}): ENOENT`,
    ]);
    const empty = file("\n");
    expect(problemsOf({ TOKEN: secret() }, { TOKEN_FILE: empty })).toEqual([
      `TOKEN: the file that TOKEN_FILE names is empty (${empty})`,
    ]);
  });

  test("is never printed, whatever its checks say", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40 }), (value) => {
        const shape = {
          LEAST: secret().min(100),
          FORM: secret().regex(/^$/).optional(),
          TALKATIVE: secret().refine(() => false, {
            error: (issue) => `must not be ${String(issue.input)}`,
          }),
        };
        const env = { LEAST: value, FORM: value, TALKATIVE: value };
        const lines = problemsOf(shape, env);
        expect(lines.length).toBeGreaterThanOrEqual(3);
        expect(lines.join("\n")).not.toContain(value);
      }),
    );
  });
});
