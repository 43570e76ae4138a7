export {
  createRealtimeSimulator,
  type RealtimeSimulator,
  type RealtimeSimulatorOptions,
} from "./app.js";
export {
  type Fault,
  type FaultInput,
  type FaultKind,
  Faults,
} from "./faults.js";
export type { SessionView } from "./session/session-options.js";
export { createVoice, type ManagedVoice } from "./speech/create-voice.js";
