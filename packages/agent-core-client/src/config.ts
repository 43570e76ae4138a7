import { secret, url } from "@easymo/service-kit";

/** The settings of every service that calls agent-core, to be spread into its own. */
export const agentCoreSettings = {
  AGENT_CORE_URL: url().default("http://agent-core:4000"),
  AGENT_CORE_JWT_SECRET: secret(),
};
