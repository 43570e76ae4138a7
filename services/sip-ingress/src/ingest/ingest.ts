import type {
  Bus,
  BusRecord,
  ClaimResult,
  IdempotencyStore,
  KeyValueStore,
} from "@easymo/messaging";
import {
  currentTraceparent,
  requestContext,
  type Clock,
  type Logger,
} from "@easymo/service-kit";
import type { ChannelTraffic, RoutingTable } from "@easymo/routing";
import { CalledAgents } from "../events/called-agent.js";
import {
  callStopRecord,
  durationOf,
  sipRecord,
  type EventContext,
} from "../events/records.js";
import type { SipEvent } from "../events/sip-event.js";
import type { IngestMetrics } from "../metrics.js";
import type { EventIdentity } from "./identity.js";
import { answerToTaken, unavailable, type Outcome } from "./outcome.js";

export interface IngestDeps {
  readonly bus: Pick<Bus, "publish">;
  readonly idempotency: IdempotencyStore;
  readonly keyValue: KeyValueStore;
  routing(): RoutingTable;
  readonly metrics: IngestMetrics;
  readonly traffic: Pick<ChannelTraffic, "seen">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An event with what makes it itself. */
export interface Submission extends EventIdentity {
  readonly tenantId: string;
  readonly event: SipEvent;
}

/** Answers are kept as long as signallers repeat. */
const ANSWER_KEPT_MS = 24 * 3_600_000;
const PUBLISHING = { timeoutMs: 5_000 };
/** Longer than claim, publish and confirmation can take together. */
const LEASE_MS = 10_000;

/** An event under its claim. */
interface Claimed {
  readonly submission: Submission;
  readonly token: string;
  /** When the call was answered, for the duration of one that ended. */
  readonly connectedAt: string | undefined;
}

/**
 * Claim, publish, confirm. A crash before the claim leaves nothing; between claim and confirmation, a claim that ends with
 * its lease, and a repeat that is the same event, because its id comes from tenant and key; after it, the answer.
 */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #agents = new CalledAgents();

  constructor(deps: IngestDeps) {
    this.#deps = deps;
  }

  /** Takes an event that came alone. Never rejects. */
  async takeOne(submission: Submission): Promise<Outcome> {
    const claimed = await this.#claim(submission);
    return "token" in claimed ? this.#carryOut(claimed) : claimed;
  }

  /** Takes events that came together, in their order. Never rejects. */
  async take(submissions: readonly Submission[]): Promise<Outcome[]> {
    const outcomes = new Map<Submission, Outcome>();
    let open = [...submissions];
    // A repeat within a batch waits for the first of its key.
    while (open.length > 0) {
      const firsts = new Map<string, Submission>();
      const later: Submission[] = [];
      for (const submission of open)
        if (firsts.has(submission.eventId)) later.push(submission);
        else firsts.set(submission.eventId, submission);
      await this.#round([...firsts.values()], outcomes);
      open = later;
    }
    return submissions.flatMap((submission) => outcomes.get(submission) ?? []);
  }

  /** One step at a time for all of them, so that each step is one trip and records keep their order. */
  async #round(
    submissions: readonly Submission[],
    outcomes: Map<Submission, Outcome>,
  ): Promise<void> {
    const claims = await Promise.all(
      submissions.map((submission) => this.#claim(submission)),
    );
    const claimed: Claimed[] = [];
    for (const [at, submission] of submissions.entries()) {
      const found = claims[at];
      if (found === undefined) continue;
      if ("token" in found) claimed.push(found);
      else outcomes.set(submission, found);
    }
    const answeredHere = new Map(
      submissions
        .filter(({ event }) => event.event === "connected")
        .map(({ event }) => [event.callId, event.timestamp]),
    );
    await Promise.all(
      claimed.map(async (one) => {
        const { callId } = one.submission.event;
        const connectedAt = answeredHere.get(callId) ?? one.connectedAt;
        const outcome = await this.#carryOut({ ...one, connectedAt });
        outcomes.set(one.submission, outcome);
      }),
    );
  }

  async #claim(submission: Submission): Promise<Claimed | Outcome> {
    const { eventId, fingerprint } = submission;
    // Both at once: an event that ended asks for the time of its call's answer as well.
    const asking =
      submission.event.event === "ended"
        ? this.#connectedAt(submission)
        : undefined;
    // Whatever it says is heard below; nothing may be said before somebody listens.
    asking?.catch(() => undefined);
    let claim: ClaimResult;
    try {
      claim = await this.#deps.idempotency.claim(claimKey(eventId), {
        fingerprint,
        leaseMs: LEASE_MS,
      });
    } catch (error) {
      this.#count("unavailable");
      return { kind: "unavailable", problem: unavailable("redis", error) };
    }
    this.#count(CLAIM_OUTCOMES[claim.outcome]);
    if (claim.outcome !== "claimed") return answerToTaken(claim);
    const { token } = claim;
    if (asking === undefined)
      return { submission, token, connectedAt: undefined };
    try {
      return { submission, token, connectedAt: await asking };
    } catch (error) {
      await this.#release(eventId, token);
      return { kind: "unavailable", problem: unavailable("redis", error) };
    }
  }

  #connectedAt({ event, tenantId }: Submission): Promise<string | undefined> {
    return this.#deps.keyValue.get(connectedKey(tenantId, event.callId));
  }

  /** Publishes and confirms. The broker has the event in every in-sync replica before anyone is told so. */
  async #carryOut(claimed: Claimed): Promise<Outcome> {
    const { submission, token } = claimed;
    const { eventId } = submission;
    try {
      const records = this.#records(claimed);
      const publishing = this.#deps.bus.publish(records, PUBLISHING);
      if (submission.event.event === "connected")
        await Promise.all([publishing, this.#rememberAnswer(submission)]);
      else await publishing;
    } catch (error) {
      this.#deps.logger.warn({ err: error, eventId }, "event not published");
      await this.#release(eventId, token);
      return { kind: "unavailable", problem: unavailable("kafka", error) };
    }
    // Before the answer: who has that may ask any replica again at once.
    await this.#confirm(eventId, token);
    return { kind: "accepted", eventId };
  }

  #records({ submission, connectedAt }: Claimed): BusRecord[] {
    const { event, eventId, tenantId } = submission;
    const { clock, traffic } = this.#deps;
    const route = this.#agents.calledBy(
      event.to,
      tenantId,
      this.#deps.routing(),
    );
    if (route !== undefined) traffic.seen(route.channel);
    const context: EventContext = {
      eventId,
      tenantId,
      agent: route?.agent.name,
      at: new Date(clock.now()).toISOString(),
      requestId: requestContext()?.requestId ?? eventId,
      traceparent: currentTraceparent(),
    };
    const record = sipRecord(event, context);
    if (event.event !== "ended") return [record];
    const durationMs = durationOf(event.timestamp, connectedAt);
    return [record, callStopRecord(event, context, durationMs)];
  }

  /** For the duration that `call.stop` will tell; not worth refusing the event for. */
  async #rememberAnswer({ event, tenantId }: Submission): Promise<void> {
    const { keyValue, logger } = this.#deps;
    try {
      await keyValue.set(
        connectedKey(tenantId, event.callId),
        event.timestamp,
        { ttlMs: ANSWER_KEPT_MS },
      );
    } catch (error) {
      logger.warn({ err: error }, "the time of the answer is not kept");
    }
  }

  /** The event is out: whatever happens here, a repeat would be the same event. */
  async #confirm(eventId: string, token: string): Promise<void> {
    const { idempotency, logger } = this.#deps;
    try {
      const kept = await idempotency.confirm(claimKey(eventId), token, {
        answer: eventId,
        ttlMs: ANSWER_KEPT_MS,
      });
      this.#count(kept ? "confirmed" : "lease_lost");
    } catch (error) {
      this.#count("unconfirmed");
      logger.warn({ err: error, eventId }, "published, but not confirmed");
    }
  }

  async #release(eventId: string, token: string): Promise<void> {
    try {
      await this.#deps.idempotency.release(claimKey(eventId), token);
      this.#count("released");
    } catch {
      // The lease gives it back.
      this.#count("unavailable");
    }
  }

  #count(outcome: string): void {
    this.#deps.metrics.claim("sip", outcome);
  }
}

const CLAIM_OUTCOMES: Record<ClaimResult["outcome"], string> = {
  claimed: "claimed",
  in_flight: "in_flight",
  done: "replayed",
  mismatch: "mismatch",
};

function claimKey(eventId: string): string {
  return `sip:event:${eventId}`;
}

function connectedKey(tenantId: string, callId: string): string {
  return `sip:connected:${tenantId}:${callId}`;
}
