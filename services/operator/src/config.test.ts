import { describe, expect, test } from "@jest/globals";
import { ConfigError } from "@easymo/service-kit";
import { readOperatorConfig } from "./config.js";

const LEAST = {
  POD_NAMESPACE: "easymo",
  POD_NAME: "bridges-operator-7d9f-x2",
  RELEASE_NAME: "bridges",
};

function problemsOf(env: Record<string, string>) {
  try {
    readOperatorConfig({ ...LEAST, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("the operator's settings", () => {
  test("are few that must be given: where it is, who it is, whose it is", () => {
    expect(readOperatorConfig(LEAST)).toMatchObject({
      ...LEAST,
      PORT: 4500,
      TWILIO_API_URL: "https://api.twilio.com",
      RESYNC_SECONDS: 300,
      PROVIDER_CHECK_SECONDS: 300,
    });
    expect(() => readOperatorConfig({})).toThrow(ConfigError);
  });

  test("watch one namespace, or all", () => {
    expect(
      readOperatorConfig({ ...LEAST, WATCH_NAMESPACE: "*" }).WATCH_NAMESPACE,
    ).toBe("*");
    expect(
      readOperatorConfig({ ...LEAST, WATCH_NAMESPACE: "desk-1" })
        .WATCH_NAMESPACE,
    ).toBe("desk-1");
    expect(problemsOf({ WATCH_NAMESPACE: "a,b" })).toEqual([
      {
        name: "WATCH_NAMESPACE",
        message: 'must be a namespace\'s name, or * for all, got "a,b"',
      },
    ]);
  });

  test("are refused all at once, each with what it should be", () => {
    expect(
      problemsOf({
        RESYNC_SECONDS: "0",
        ROUTING_CONFIGMAP: "Bridges Routing",
        VOICE_PUBLIC_URL: "voice.example",
      }).map(({ name }) => name),
    ).toEqual(["ROUTING_CONFIGMAP", "VOICE_PUBLIC_URL", "RESYNC_SECONDS"]);
  });
});
