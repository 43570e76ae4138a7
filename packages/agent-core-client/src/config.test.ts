import { expect, test } from "@jest/globals";
import { ConfigError, readConfig } from "@easymo/service-kit";
import { agentCoreSettings } from "./index.js";

test("the settings have the contract's default address and need the secret", () => {
  expect(
    readConfig(agentCoreSettings, { AGENT_CORE_JWT_SECRET: "s3cret" }),
  ).toEqual({
    AGENT_CORE_URL: "http://agent-core:4000",
    AGENT_CORE_JWT_SECRET: "s3cret",
  });
  expect(() =>
    readConfig(agentCoreSettings, { AGENT_CORE_URL: "agent-core" }),
  ).toThrow(ConfigError);
});
