export {
  createRealtimeSimulator,
  type RealtimeSimulator,
  type RealtimeSimulatorOptions,
} from "./app.js";
export type { SipCall, SipCallView, SipEnding } from "./calls/sip-call.js";
export type { PlaceSipCall, SipGateway } from "./calls/sip-gateway.js";
export type { WebhookTarget } from "./calls/webhook.js";
export {
  type Fault,
  type FaultInput,
  type FaultKind,
  Faults,
} from "./faults.js";
export type { SessionView } from "./session/session-options.js";
export { createVoice, type ManagedVoice } from "./speech/create-voice.js";
