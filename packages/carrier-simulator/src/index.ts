export type {
  AnswerPolicy,
  Announcer,
  CallEnd,
  CallEvents,
  CallStatus,
  Dialled,
  DialOutcome,
  Direction,
  EndReason,
  PlayedAudio,
  SaidText,
  StreamStarted,
} from "./call-types.js";
export {
  type CarrierEvents,
  CarrierSimulator,
  type CarrierSimulatorOptions,
  type PlaceCallOptions,
  type Target,
} from "./carrier-simulator.js";
export type { WaitOptions } from "./events.js";
export type { StreamStopped } from "./media-stream.js";
export { CarrierProblem, problemCodes } from "./problem.js";
export { signRequest } from "./signature.js";
export type { SimulatedCall } from "./simulated-call.js";
