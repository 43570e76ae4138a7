import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RoutingTable } from "@easymo/routing";
import {
  createLogger,
  createMetrics,
  createServiceKit,
  systemClock,
} from "@easymo/service-kit";
import { createDemo } from "./app.js";
import { readDemoConfig } from "./config.js";
import { runDemo } from "./run.js";

const routingFile = fileURLToPath(new URL("../routing.yaml", import.meta.url));

await runDemo(readDemoConfig, (config) => {
  const name = "demo";
  const logger = createLogger({ name, level: config.LOG_LEVEL });
  const metrics = createMetrics();
  return createDemo({
    config,
    kit: createServiceKit({ name, logger, metrics, clock: systemClock }),
    routing: RoutingTable.parse(readFileSync(routingFile, "utf8")),
  });
});
