import {
  createAgentCoreClient,
  type AgentCoreClient,
} from "@easymo/agent-core-client";
import { SECRET } from "./events.js";
import { quietKit } from "./running.js";

/** A client of the agent-core at an address, for any tenant, which does not try again. */
export function clientOf(url: string): AgentCoreClient {
  const { clock, logger } = quietKit("client");
  return createAgentCoreClient({
    baseUrl: url,
    jwtSecret: SECRET,
    clock,
    logger,
    retry: { maxAttempts: 1 },
  });
}
