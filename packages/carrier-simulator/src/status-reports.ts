import type { Clock } from "@easymo/service-kit";
import type { CallStatus } from "./call-types.js";
import { CarrierProblem } from "./problem.js";
import type { Callback } from "./twiml.js";
import type { Parameters, Webhooks } from "./webhooks.js";

/** The moments that a status callback can be asked for. */
export const statusEvents = [
  "initiated",
  "ringing",
  "answered",
  "completed",
] as const;
export type StatusEvent = (typeof statusEvents)[number];

export interface StatusSubscription {
  readonly target: Callback;
  readonly events: readonly StatusEvent[];
}

/**
 * A call's status callbacks, in the order in which things happened.
 * (twilio.com/docs/voice/api/call-resource#statuscallback)
 */
export class StatusReports {
  readonly #webhooks: Webhooks;
  readonly #clock: Clock;
  readonly #subscription: StatusSubscription | undefined;
  readonly #onProblem: (problem: CarrierProblem) => void;
  #sequence = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: {
    webhooks: Webhooks;
    clock: Clock;
    subscription: StatusSubscription | undefined;
    onProblem: (problem: CarrierProblem) => void;
  }) {
    this.#webhooks = options.webhooks;
    this.#clock = options.clock;
    this.#subscription = options.subscription;
    this.#onProblem = options.onProblem;
  }

  /** Resolves when everything reported so far has been delivered or given up. */
  get delivered(): Promise<void> {
    return this.#last;
  }

  /** Reports a status to whoever asked for that moment. */
  report(status: CallStatus, parameters: Parameters): void {
    if (this.#subscription?.events.includes(momentOf(status)) !== true) return;
    this.send(this.#subscription.target, {
      ...parameters,
      CallStatus: status,
      CallbackSource: "call-progress-events",
      SequenceNumber: String(this.#sequence),
      Timestamp: rfc2822(this.#clock.now()),
    });
    this.#sequence += 1;
  }

  /** Tells the application something, after what was told before. */
  send(target: Callback, parameters: Parameters): void {
    this.#last = this.#last
      .then(() => this.#webhooks.notify(target, parameters))
      .catch((error: unknown) => {
        if (!(error instanceof CarrierProblem)) throw error;
        this.#onProblem(error);
      });
  }
}

function momentOf(status: CallStatus): StatusEvent {
  switch (status) {
    case "queued":
    case "initiated":
      return "initiated";
    case "ringing":
      return "ringing";
    case "in-progress":
      return "answered";
    case "completed":
    case "busy":
    case "no-answer":
    case "canceled":
    case "failed":
      return "completed";
  }
}

/** `Tue, 29 Sep 2026 10:00:00 +0000`, as Twilio writes times. */
export function rfc2822(epochMs: number): string {
  return new Date(epochMs).toUTCString().replace("GMT", "+0000");
}
