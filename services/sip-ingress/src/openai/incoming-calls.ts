import type { Bus, IdempotencyStore, KeyValueStore } from "@easymo/messaging";
import type { ChannelTraffic, Route, RoutingTable } from "@easymo/routing";
import {
  currentTraceparent,
  Problem,
  requestContext,
  setTenant,
  type Clock,
  type Logger,
} from "@easymo/service-kit";
import { z } from "zod";
import { inFlight, mismatch, unavailable } from "../ingest/outcome.js";
import type { IngestMetrics } from "../metrics.js";
import { acceptance } from "./acceptance.js";
import type { CallControl } from "./call-control.js";
import { handOver } from "./hand-over.js";
import { routeOfCall, type IncomingCall } from "./incoming-call.js";

export interface IncomingCallsDeps {
  readonly control: CallControl;
  readonly bus: Pick<Bus, "publish">;
  readonly idempotency: IdempotencyStore;
  readonly keyValue: KeyValueStore;
  routing(): RoutingTable;
  /** Instead of each agent's own. */
  readonly model: string | undefined;
  readonly metrics: IngestMetrics;
  readonly traffic: Pick<ChannelTraffic, "seen">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What became of a call; `gone`: the caller hung up before it was answered. */
const result = z.object({
  status: z.enum(["accepted", "rejected", "gone"]),
  callId: z.string(),
});
export type CallResult = z.output<typeof result>;

const SIP_NOT_FOUND = 404;
const ANSWER_KEPT_MS = 24 * 3_600_000;
const PUBLISH_TIMEOUT_MS = 4_000;
/** Longer than all the steps can take together. */
const LEASE_MS = 20_000;
/** How long a caller may have been waiting for an answer that was begun. */
const BEGUN_KEPT_MS = 60_000;

/** Answers each incoming call once, whoever is told of it how often. */
export class IncomingCalls {
  readonly #deps: IncomingCallsDeps;

  constructor(deps: IncomingCallsDeps) {
    this.#deps = deps;
  }

  /**
   * Takes a webhook that has been let in by its signature.
   *
   * @throws {Problem} 409 while another delivery of it is being handled, 422 for its id with another call, 503 when the
   * API, Kafka or Redis is away: nothing is kept then, and OpenAI sends it again
   */
  async take(
    webhookId: string,
    call: IncomingCall,
  ): Promise<{ result: CallResult; replayed: boolean }> {
    const { idempotency, logger } = this.#deps;
    const key = `openai:webhook:${webhookId}`;
    const claim = await idempotency
      .claim(key, { fingerprint: call.callId, leaseMs: LEASE_MS })
      .catch((error: unknown) => {
        this.#count("unavailable");
        throw unavailable("redis", error);
      });
    this.#count(claim.outcome === "done" ? "replayed" : claim.outcome);
    switch (claim.outcome) {
      case "done":
        return {
          result: result.parse(JSON.parse(claim.answer)),
          replayed: true,
        };
      case "in_flight":
        throw inFlight();
      case "mismatch":
        throw mismatch();
      case "claimed":
    }
    try {
      const answered = await this.#answer(call);
      await idempotency
        .confirm(key, claim.token, {
          answer: JSON.stringify(answered),
          ttlMs: ANSWER_KEPT_MS,
        })
        .catch((error: unknown) => {
          logger.warn({ err: error }, "answered, but not confirmed");
        });
      return { result: answered, replayed: false };
    } catch (error) {
      // What cannot be given back ends with its lease.
      await idempotency.release(key, claim.token).catch(() => undefined);
      throw error;
    }
  }

  async #answer(call: IncomingCall): Promise<CallResult> {
    const { control, logger } = this.#deps;
    const { callId } = call;
    const route = routeOfCall(call, this.#deps.routing());
    if (route === undefined) {
      logger.info({ callId }, "nobody has the address that was called");
      await apiCall(control.reject(callId, SIP_NOT_FOUND));
      return { status: "rejected", callId };
    }
    this.#deps.traffic.seen(route.channel);
    setTenant(route.tenantId);
    if ((await this.#accept(callId, route)) === "gone") {
      logger.info({ callId }, "the caller hung up before the answer");
      return { status: "gone", callId };
    }
    await this.#handOver(call, route);
    return { status: "accepted", callId };
  }

  /**
   * Accepts, unless an earlier delivery did and ended before it could say so: then the API does not know the call as one
   * that waits any more, and it is the note left before that tells it from a caller who hung up.
   */
  async #accept(callId: string, route: Route): Promise<"done" | "gone"> {
    const { control, keyValue, model } = this.#deps;
    const key = `openai:begun:${callId}`;
    const isFirst = await keyValue
      .setIfAbsent(key, "begun", { ttlMs: BEGUN_KEPT_MS })
      .catch((error: unknown) => {
        throw unavailable("redis", error);
      });
    const answer = await apiCall(
      control.accept(callId, acceptance(route.agent, model)),
    );
    return answer === "gone" && !isFirst ? "done" : answer;
  }

  async #handOver(call: IncomingCall, route: Route): Promise<void> {
    const { bus, clock } = this.#deps;
    const records = handOver(call, route, {
      at: new Date(clock.now()).toISOString(),
      requestId: requestContext()?.requestId ?? call.callId,
      traceparent: currentTraceparent(),
    });
    try {
      await bus.publish(records, { timeoutMs: PUBLISH_TIMEOUT_MS });
    } catch (error) {
      throw unavailable("kafka", error);
    }
  }

  #count(outcome: string): void {
    this.#deps.metrics.claim("openai", outcome);
  }
}

async function apiCall<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw new Problem(
      {
        status: 503,
        code: "openai_unavailable",
        title: "OpenAI's calls API did not take the answer",
        headers: { "retry-after": "1" },
        retryable: true,
      },
      { cause: error },
    );
  }
}
