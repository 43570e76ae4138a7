import {
  createConsumer,
  type Bus,
  type EventConsumer,
} from "@easymo/messaging";
import type { Clock, Logger, Metrics } from "@easymo/service-kit";
import { OpenAI } from "openai";
import type { StreamOutcome } from "../../call/call-state.js";
import { sipHandOver, type HandOverDeps } from "./hand-over.js";
import { concludeSipCall } from "./sip-calls.js";

export interface SipGatewayDeps extends Omit<HandOverDeps, "turnAway"> {
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The call is not this replica's any more. */
  release(callId: string): void;
  readonly apiKey: string | undefined;
  /** Of OpenAI's REST API. */
  readonly baseUrl: string;
}

/** A caller on a SIP line that nobody speaks on does not wait for long. */
const RETRY_DELAYS_MS = [500, 1_000, 2_000];
const API_TIMEOUT_MS = 10_000;

/** Calls that OpenAI's SIP gateway has: taken from the bus, and ended over its REST API. */
export class SipGateway {
  readonly #openai: OpenAI;
  readonly #consumer: EventConsumer;
  readonly #logger: Logger;
  readonly #concluding = new Set<Promise<void>>();

  constructor(deps: SipGatewayDeps) {
    const { bus, metrics, clock, logger } = deps;
    this.#logger = logger;
    this.#openai = new OpenAI({
      // The client wants one, also of a server that asks for none.
      apiKey: deps.apiKey ?? "none",
      baseURL: deps.baseUrl,
      timeout: API_TIMEOUT_MS,
      maxRetries: 1,
    });
    this.#consumer = createConsumer({
      bus,
      group: "voice-bridge",
      topics: ["voice.sip.events"],
      fromBeginning: false,
      retryDelaysMs: RETRY_DELAYS_MS,
      handler: sipHandOver({
        ...deps,
        turnAway: ({ callId, agent }) => {
          deps.release(callId);
          this.conclude(callId, {
            kind: "apologise",
            transferTo: agent.transfer?.to,
          });
        },
      }),
      logger,
      metrics,
      clock,
    });
  }

  start(): Promise<void> {
    return this.#consumer.start();
  }

  /** Takes no further calls. */
  pause(): void {
    this.#consumer.pause();
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  /** Hangs up, or refers the caller on; see `concluded`. */
  conclude(callId: string, outcome: StreamOutcome): void {
    const done = concludeSipCall(
      this.#openai,
      callId,
      outcome,
      this.#logger,
    ).finally(() => this.#concluding.delete(done));
    this.#concluding.add(done);
  }

  /** Resolves when OpenAI has been told of all that ended. */
  async concluded(): Promise<void> {
    await Promise.all(this.#concluding);
  }
}
