export {
  createBrokerOrchestrator,
  type BrokerOrchestratorDeps,
} from "./app.js";
export {
  readBrokerOrchestratorConfig,
  type BrokerOrchestratorConfig,
} from "./config.js";
