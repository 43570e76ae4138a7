import { secret, url } from "@easymo/service-kit";

/** The settings of every service that calls agent-core, to be spread into its own. */
export const agentCoreSettings = {
  /** Where agent-core answers. */
  AGENT_CORE_URL: url().default("http://agent-core:4000"),
  /** Signs the tenants' tokens (HS256), of 32 characters or more; the same as agent-core's. */
  AGENT_CORE_JWT_SECRET: secret(),
};
