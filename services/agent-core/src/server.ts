import { runService } from "@easymo/service-kit";
import { createAgentCore } from "./app.js";
import { readAgentCoreConfig } from "./config.js";
import { createDatabase } from "./database/create.js";

await runService("agent-core", readAgentCoreConfig, (config, kit) =>
  createAgentCore({
    config,
    kit,
    database: createDatabase(config.DATABASE_URL, kit),
  }),
);
