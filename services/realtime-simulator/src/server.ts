import { runService } from "@easymo/service-kit";
import { createRealtimeSimulator } from "./app.js";
import { readSimulatorConfig } from "./config.js";

await runService("realtime-simulator", readSimulatorConfig, (config, kit) =>
  createRealtimeSimulator({
    kit,
    thinkMs: config.SIMULATOR_THINK_MS,
    chunkMs: config.SIMULATOR_CHUNK_MS,
    speed: config.SIMULATOR_SPEED,
    sessionMaxMs: config.SIMULATOR_SESSION_SECONDS * 1000,
  }),
);
