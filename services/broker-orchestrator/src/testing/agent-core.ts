import {
  createAgentCore,
  createDatabase,
  readAgentCoreConfig,
} from "@easymo/agent-core";
import {
  createAgentCoreClient,
  type AgentCoreClient,
} from "@easymo/agent-core-client";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  listen,
  type RunningService,
} from "@easymo/service-kit";

const SECRET = "a-secret-for-tests-of-32-characters!";

/** What every service has, silent and with metrics of its own. */
export function quietKit(name: string) {
  return createServiceKit({
    name,
    logger: createLogger({ name, level: "silent" }),
    metrics: createMetrics(),
  });
}

/** agent-core on an in-memory Postgres. */
export async function startAgentCore(): Promise<RunningService> {
  const config = readAgentCoreConfig({
    AGENT_CORE_JWT_SECRET: SECRET,
    DATABASE_URL: "pglite:memory",
  });
  const kit = quietKit("agent-core");
  const database = createDatabase(config.DATABASE_URL, kit);
  return listen(createAgentCore({ config, kit, database }), {
    port: 0,
    host: "127.0.0.1",
  });
}

/** A client of the agent-core at an address, which does not try again for long. */
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
