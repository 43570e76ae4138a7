export {
  createBrokerOrchestrator,
  type BrokerOrchestratorDeps,
} from "./app.js";
export {
  readBrokerOrchestratorConfig,
  type BrokerOrchestratorConfig,
} from "./config.js";
export { decodeStored, type Stored } from "./conversation/codec.js";
export type { Conversation } from "./conversation/state.js";
export type { Effect } from "./machine/effects.js";
export { DeadLetters, type Settled } from "./dead-letters/dead-letters.js";
export type { DeadLetter } from "./dead-letters/dead-letter.js";
