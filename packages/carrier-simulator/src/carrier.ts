import type { Clock } from "@easymo/service-kit";
import type { Addresses } from "./addresses.js";
import type { AnswerPolicy, Announcer, DialOutcome } from "./call-types.js";
import type { Pacer } from "./pacer.js";
import type { SimulatedCall } from "./simulated-call.js";
import type { StatusSubscription } from "./status-reports.js";
import type { Webhooks } from "./webhooks.js";

/** What the calls of one simulator have in common. */
export interface Carrier {
  readonly accountSid: string;
  readonly authToken: string;
  readonly addresses: Addresses;
  readonly webhooks: Webhooks;
  readonly clock: Clock;
  readonly pacer: Pacer;
  /** How many seconds of line time pass in one of the clock's. */
  readonly speed: number;
  readonly sendSilence: boolean;
  readonly recordHeard: boolean;
  readonly ringMs: number;
  readonly announcer: Announcer | undefined;
  answerPolicy(call: SimulatedCall): AnswerPolicy;
  dialOutcome(number: string, call: SimulatedCall): DialOutcome;
  /** The call is over: it is no longer among the live ones. */
  forget(call: SimulatedCall): void;
}

/** How the answering-machine detection of an outbound call is to be done. */
export interface MachineDetection {
  readonly mode: "Enable" | "DetectMessageEnd";
  /** Set when the call goes on meanwhile. */
  readonly asyncCallback: string | undefined;
  readonly async: boolean;
}

/** Where a call gets its TwiML from. */
export type Application =
  | { readonly url: string; readonly method: "GET" | "POST" }
  | { readonly twiml: string };

/** A call as it is ordered. */
export interface CallOrder {
  readonly callSid: string;
  readonly from: string;
  readonly to: string;
  readonly application: Application;
  readonly status: StatusSubscription | undefined;
  /** Set for a call that the REST API ordered. */
  readonly outbound:
    | {
        readonly timeoutSeconds: number;
        readonly machineDetection: MachineDetection | undefined;
      }
    | undefined;
}
