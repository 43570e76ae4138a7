import {
  recordOf,
  type Bus,
  type BusRecord,
  type IdempotencyStore,
} from "@easymo/messaging";
import type { ChannelTraffic, Route, RoutingTable } from "@easymo/routing";
import { Problem, type Clock, type Logger } from "@easymo/service-kit";
import { SURFACE, type BotMetrics } from "../metrics.js";
import type { KnownAs, People } from "../people.js";
import { eventsOf, idOf, userIdOf, type PublishedItem } from "./events.js";
import type { InboundMessage, Person, WebhookItem } from "./items.js";

export interface IngestDeps {
  readonly bus: Bus;
  readonly idempotency: IdempotencyStore;
  readonly people: People;
  readonly metrics: BotMetrics;
  readonly traffic: Pick<ChannelTraffic, "seen">;
  readonly clock: Clock;
  readonly logger: Logger;
  routing(): RoutingTable;
}

interface Candidate {
  readonly item: PublishedItem;
  readonly route: Route;
  readonly key: string;
  readonly records: readonly BusRecord[];
  /** They say that they want no more messages. */
  readonly isOptOut: boolean;
}

interface Claimed extends Candidate {
  readonly token: string;
}

const LEASE_MS = 30_000;
/** Meta gives up sending an item again after seven days. */
const REMEMBERED_MS = 8 * 24 * 3_600_000;
/** Together with the next, less than the 10 s that a request may take. */
const PUBLISH_TIMEOUT_MS = 5_000;
const OTHER_REPLICA_PATIENCE_MS = 4_000;
const ASK_AGAIN_MS = 50;

/**
 * Takes what a webhook brought: each item is claimed, published and confirmed, in this order, so that an end between any
 * two steps loses nothing, and a repeat is the same event.
 */
export class Ingest {
  readonly #deps: IngestDeps;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when all of it is in Kafka.
   *
   * @throws {Problem} 503 when that cannot be said; then nothing is left claimed
   */
  async take(
    items: readonly WebhookItem[],
    requestId: string,
  ): Promise<"accepted" | "duplicate"> {
    const candidates = items.flatMap((item) =>
      this.#candidate(item, requestId),
    );
    let open: readonly Candidate[] = [
      ...new Map(candidates.map((one) => [one.key, one])).values(),
    ];
    if (open.length < candidates.length) this.#count("repeated_within");
    const patientUntilMs =
      this.#deps.clock.monotonicMs() + OTHER_REPLICA_PATIENCE_MS;
    let published = 0;
    for (;;) {
      const { claimed, inFlight } = await this.#claimAll(open);
      if (claimed.length > 0) await this.#takeClaimed(claimed);
      published += claimed.length;
      if (inFlight.length === 0) break;
      // Another replica is publishing them: only when it is done are they in Kafka.
      if (this.#deps.clock.monotonicMs() > patientUntilMs)
        throw unavailable("another replica has not finished yet");
      await this.#pause(ASK_AGAIN_MS);
      open = inFlight;
    }
    return published > 0 || candidates.length === 0 ? "accepted" : "duplicate";
  }

  #candidate(item: WebhookItem, requestId: string): Candidate[] {
    const { metrics, logger } = this.#deps;
    if (item.item === "account_error") {
      metrics.accountErrors.inc({ code: String(item.code) });
      logger.error({ metaCode: item.code }, "Meta tells an account error");
      return [];
    }
    const { phoneNumberId } = item;
    const route = this.#deps.routing().find("whatsapp", phoneNumberId);
    if (route === undefined) {
      metrics.skipped.inc({ reason: "unknown_number" });
      logger.warn(
        { phoneNumberId },
        "no channel of the routing document has this phone number id",
      );
      return [];
    }
    this.#deps.traffic.seen(route.channel);
    const events = eventsOf(item, route, requestId);
    return [
      {
        item,
        route,
        key: `whatsapp:in:${phoneNumberId}:${idOf(item)}`,
        records: events.map((event) => recordOf("whatsapp.inbound", event)),
        isOptOut: events.some(({ type }) => type === "message.opt_out"),
      },
    ];
  }

  async #claimAll(
    candidates: readonly Candidate[],
  ): Promise<{ claimed: Claimed[]; inFlight: Candidate[] }> {
    const claimed: Claimed[] = [];
    const inFlight: Candidate[] = [];
    const results = await Promise.allSettled(
      candidates.map(async (candidate) => {
        const claim = await this.#deps.idempotency.claim(candidate.key, {
          fingerprint: candidate.key,
          leaseMs: LEASE_MS,
        });
        this.#count(claim.outcome);
        if (claim.outcome === "claimed")
          claimed.push({ ...candidate, token: claim.token });
        if (claim.outcome === "in_flight") inFlight.push(candidate);
      }),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      await this.#release(claimed);
      throw unavailable("the store is away", failed.reason);
    }
    // In the order in which Meta told them.
    const places = new Map(candidates.map(({ key }, place) => [key, place]));
    claimed.sort((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0));
    return { claimed, inFlight };
  }

  async #takeClaimed(claimed: readonly Claimed[]): Promise<void> {
    try {
      await this.#remember(claimed);
    } catch (error) {
      await this.#release(claimed);
      throw unavailable("the store is away", error);
    }
    const { published, failed, reason } = await this.#publish(claimed);
    await Promise.all([this.#confirm(published), this.#release(failed)]);
    if (failed.length > 0)
      throw unavailable("not all of it could be published", reason);
  }

  /**
   * Publishes what is each person's together and in order; the bus makes one batch per partition of all of it. What got
   * through is not published again when Meta repeats the rest.
   */
  async #publish(claimed: readonly Claimed[]): Promise<{
    published: readonly Claimed[];
    failed: readonly Claimed[];
    reason: unknown;
  }> {
    const signal = AbortSignal.timeout(PUBLISH_TIMEOUT_MS);
    const groups = [...Map.groupBy(claimed, personKeyOf).values()];
    const results = await Promise.allSettled(
      groups.map((group) =>
        this.#deps.bus.publish(
          group.flatMap(({ records }) => records),
          { signal },
        ),
      ),
    );
    const of = (status: "fulfilled" | "rejected"): Claimed[] =>
      groups.filter((_, at) => results[at]?.status === status).flat();
    const rejected = results.find((result) => result.status === "rejected");
    return {
      published: of("fulfilled"),
      failed: of("rejected"),
      reason: rejected?.reason,
    };
  }

  async #confirm(published: readonly Claimed[]): Promise<void> {
    // Unconfirmed, an item that Meta repeats becomes the same event again, which consumers drop.
    const confirmed = await Promise.allSettled(
      published.map(({ key, token }) =>
        this.#deps.idempotency.confirm(key, token, {
          answer: "published",
          ttlMs: REMEMBERED_MS,
        }),
      ),
    );
    const unconfirmed = confirmed.find(({ status }) => status === "rejected");
    if (unconfirmed?.status === "rejected")
      this.#deps.logger.warn(
        { err: unconfirmed.reason },
        "published, but not confirmed in the store",
      );
  }

  /** What must be known before anything is sent to these people. */
  async #remember(claimed: readonly Claimed[]): Promise<void> {
    const { people, clock } = this.#deps;
    const nowMs = clock.now();
    const wrote = claimed
      .map(({ item }) => item)
      .filter((item) => item.item === "message" && opensWindow(item))
      .map(({ phoneNumberId, person, atMs }) => ({
        phoneNumberId,
        ...knownAs(person),
        atMs: Math.min(atMs, nowMs),
      }));
    const stopped = claimed.filter(({ isOptOut }) => isOptOut);
    await Promise.all([
      people.wrote(wrote, nowMs),
      ...stopped.map(({ item, route }) =>
        people.stopped(route.tenantId, knownAs(item.person)),
      ),
    ]);
  }

  async #release(claimed: readonly Claimed[]): Promise<void> {
    // What cannot be given back ends with its lease.
    await Promise.allSettled(
      claimed.map(({ key, token }) =>
        this.#deps.idempotency.release(key, token),
      ),
    );
  }

  #count(outcome: string): void {
    this.#deps.metrics.idempotency.inc({ surface: SURFACE, outcome });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#deps.clock.setTimeout(resolve, ms);
    });
  }
}

/** Whether a message lets us write to its sender for 24 hours: what they wrote to us does, and to us alone. Pure. */
function opensWindow({ content, groupId }: InboundMessage): boolean {
  return content.kind !== "system" && groupId === undefined;
}

function knownAs({ phone, scopedUserId }: Person): KnownAs {
  return { phone, userId: scopedUserId };
}

function personKeyOf({ item, route }: Candidate): string {
  return `${route.tenantId}:${userIdOf(item.person)}`;
}

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem(
    {
      status: 503,
      code: "unavailable",
      title: "Not taken: send it again",
      detail,
      headers: { "retry-after": "1" },
      retryable: true,
    },
    { cause },
  );
}
