export { createAgentCore } from "./app.js";
export type { AgentCoreDeps } from "./app.js";
export { readAgentCoreConfig } from "./config.js";
export type { Config } from "./config.js";
export { createDatabase } from "./database/create.js";
export type { Database } from "./database/port.js";
export { seedVendors } from "./seed/seed.js";
