import type { Clock, Logger, Metrics, Timer } from "@easymo/service-kit";
import { isConflict, NotLeaderError } from "./errors.js";
import type { Kubernetes } from "./kubernetes.js";
import {
  freeLease,
  heldLease,
  leaseOf,
  mayTake,
  type Lease,
  type Sighting,
} from "./lease.js";
import type { ObjectKey } from "./object-key.js";
import { givenUp, pause } from "./pause.js";
import { resources } from "./resources.js";

export interface LeaderElectionOptions {
  readonly kubernetes: Kubernetes;
  readonly lease: ObjectKey;
  /** No two replicas that run at once may have the same. */
  readonly identity: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly times?: ElectionTimes;
}

export interface ElectionTimes {
  /** A lease that was not renewed for so long may be taken by another. */
  readonly leaseMs: number;
  /** Who could not renew for so long does not lead any more; well under `leaseMs`: the rest is for writes on their way. */
  readonly leadMs: number;
  /** How often a leader renews, and how often others look. */
  readonly renewMs: number;
  readonly lookMs: number;
}

/** From a leader's sudden end to the next one: at most 12 s and two looks. */
export const electionTimes: ElectionTimes = {
  leaseMs: 12_000,
  leadMs: 8_000,
  renewMs: 2_500,
  lookMs: 1_000,
};

/** A turn of leading. */
interface OwnTerm {
  readonly number: number;
  readonly ending: AbortController;
  /** By this process's monotonic clock: from then on, another may lead. */
  untilMs: number;
  watchdog: Timer;
}

/**
 * One replica leads at a time, by a Lease. The clocks of two machines are never compared: who would lead waits until it
 * has itself seen a lease unchanged for its whole length; who leads counts from before its last renewal was sent, by its
 * own monotonic clock, and stops well before that length is over, whether or not it has learnt of another leader (fencing).
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #times: ElectionTimes;
  readonly #stopping = new AbortController();
  #sighting: Sighting | undefined;
  #terms = 0;
  #term: OwnTerm | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? electionTimes;
    options.metrics.gauge(
      "easymo_operator_leader",
      "1 while this replica leads.",
      [],
      (gauge) => gauge.set(this.isLeader() ? 1 : 0),
    );
  }

  /** Whether nobody else can lead at this moment. */
  isLeader(): boolean {
    return (
      this.#term !== undefined &&
      this.#options.clock.monotonicMs() < this.#term.untilMs
    );
  }

  /**
   * Stands for election for ever; calls back with each term of its own, and stands again only when what was called has
   * ended.
   */
  start(lead: (term: LeadersTerm) => Promise<void>): void {
    this.#running ??= this.#run(lead);
  }

  /** Ends the present term, waits until what it started has ended, and leaves the lease to the next at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#endTerm("stopping");
    await this.#running;
  }

  async #run(lead: (term: LeadersTerm) => Promise<void>): Promise<void> {
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    while (!givenUp(signal)) {
      const won = await this.#attempt();
      if (won === undefined) {
        await this.#wait(this.#times.lookMs, signal);
        continue;
      }
      logger.info({ term: won.number }, "leading");
      const led = lead(new LeadersTerm(won, this)).catch((error: unknown) => {
        logger.error({ err: error }, "leading ended with an error");
        this.#endTerm("leading ended with an error");
      });
      if (givenUp(signal)) this.#endTerm("stopping");
      await this.#renew(won);
      await led;
    }
    await this.#release();
  }

  /** Renews until the term is over. */
  async #renew(term: OwnTerm): Promise<void> {
    const { signal } = term.ending;
    while (!givenUp(signal)) {
      await this.#wait(this.#times.renewMs, signal);
      if (givenUp(signal)) return;
      await this.#attempt(term);
    }
  }

  /** One look at the lease, and one try to have it, or to keep it for a term. Gives the term when this replica leads. */
  async #attempt(keeping?: OwnTerm): Promise<OwnTerm | undefined> {
    const { clock, logger } = this.#options;
    // Before anything is sent: the lease cannot count from an earlier moment.
    const startedMs = clock.monotonicMs();
    try {
      const lease = await this.#look();
      if (!this.#mine(lease)) this.#endTerm("another replica leads");
      if (!this.#takable(lease)) return undefined;
      await this.#hold(lease, startedMs);
      // A term that ended meanwhile is not revived: another one may begin.
      if (keeping !== undefined && (this.#term !== keeping || !this.isLeader()))
        return undefined;
      return this.#prolong(startedMs);
    } catch (error) {
      if (isConflict(error)) logger.debug("another replica was faster");
      else logger.warn({ err: error }, "the lease cannot be read or written");
      return undefined;
    }
  }

  async #look(): Promise<Lease | undefined> {
    const { kubernetes, lease, clock } = this.#options;
    const found = leaseOf(await kubernetes.read(resources.leases, lease));
    const version = found?.resourceVersion;
    if (found === undefined) this.#sighting = undefined;
    else if (this.#sighting?.lease.resourceVersion !== version)
      this.#sighting = { lease: found, sinceMs: clock.monotonicMs() };
    return found;
  }

  #takable(lease: Lease | undefined): boolean {
    if (lease === undefined || this.#sighting === undefined) return true;
    const nowMs = this.#options.clock.monotonicMs();
    return mayTake(this.#sighting, this.#options.identity, nowMs);
  }

  #mine(lease: Lease | undefined): boolean {
    return lease === undefined || lease.holder === this.#options.identity;
  }

  async #hold(before: Lease | undefined, startedMs: number): Promise<void> {
    const { kubernetes, lease, identity, clock } = this.#options;
    const sinceStartMs = clock.monotonicMs() - startedMs;
    const nowMs = clock.now() - sinceStartMs;
    const wanted = heldLease(lease, before, {
      identity,
      leaseMs: this.#times.leaseMs,
      nowMs,
    });
    await (before === undefined
      ? kubernetes.create(wanted)
      : kubernetes.replace(wanted));
  }

  #prolong(startedMs: number): OwnTerm {
    const { clock } = this.#options;
    const untilMs = startedMs + this.#times.leadMs;
    const term: OwnTerm = this.#term ?? {
      number: (this.#terms += 1),
      ending: new AbortController(),
      untilMs,
      watchdog: { cancel: () => undefined },
    };
    term.untilMs = untilMs;
    term.watchdog.cancel();
    term.watchdog = clock.setTimeout(
      () => this.#endTerm("the lease was not renewed in time"),
      untilMs - clock.monotonicMs(),
    );
    this.#term = term;
    return term;
  }

  #endTerm(why: string): void {
    const term = this.#term;
    if (term === undefined) return;
    this.#term = undefined;
    term.watchdog.cancel();
    this.#options.logger.info({ term: term.number, why }, "not leading");
    term.ending.abort();
  }

  /** Leaves the lease without a holder, if it is still ours. */
  async #release(): Promise<void> {
    const { kubernetes, lease, identity, logger } = this.#options;
    try {
      const held = leaseOf(await kubernetes.read(resources.leases, lease));
      if (held?.holder !== identity) return;
      await kubernetes.replace(freeLease(lease, held));
      logger.info("left the lease to the next");
    } catch (error) {
      // It runs out by itself.
      logger.warn({ err: error }, "the lease could not be left");
    }
  }

  /** With jitter, so that two do not go in step. */
  #wait(aboutMs: number, signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    return pause(clock, aboutMs * (0.9 + random() / 5), signal);
  }
}

/** The turn of leading that a callback was given: what it asserts is about this turn, not a later one. */
export class LeadersTerm {
  readonly signal: AbortSignal;
  readonly #election: LeaderElection;

  constructor(term: { ending: AbortController }, election: LeaderElection) {
    this.signal = term.ending.signal;
    this.#election = election;
  }

  /** Throws NotLeaderError when another replica may lead. */
  assertLeader(): void {
    if (this.signal.aborted || !this.#election.isLeader())
      throw new NotLeaderError();
  }
}
