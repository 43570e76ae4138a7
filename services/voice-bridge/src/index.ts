export { createVoiceBridge, type VoiceBridgeDeps } from "./app.js";
export { readVoiceBridgeConfig, type VoiceBridgeConfig } from "./config.js";
