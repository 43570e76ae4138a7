import type { Clock, Logger } from "@easymo/service-kit";
import { providerFinalizer, type Channel } from "../api/index.js";
import { ProviderError } from "../providers/provider.js";
import {
  backoffMs,
  keyText,
  type EventRecorder,
  type Kubernetes,
  type ObjectKey,
  type ReconcileContext,
} from "../runtime/index.js";
import type { Accounts } from "./accounts.js";
import type { ChannelIndex } from "./channel-index.js";
import type { CredentialsReader } from "./credentials.js";
import { decideProgramming } from "./decide.js";
import { memoryOf } from "./memory.js";
import type { NumberLocks } from "./number-locks.js";
import { freshly, remember, type ConnectProvider } from "./numbers.js";
import type { Target } from "./target.js";
import {
  currentCondition,
  programmingVerdictOf,
  verdictOfFailure,
  verdictOfSuccess,
  wasProgrammed,
  type ProgrammingVerdict,
} from "./verdict.js";

/** A provider that did not answer is asked again soon; one that refused, later. */
const retryUnreachable = { firstMs: 1_000, longestMs: 60_000 };
const retryRefused = { firstMs: 5_000, longestMs: 300_000 };
/** Somebody may have put the Secret right: it is read again so often, and the provider asked when it has changed. */
const retryCredentials = { firstMs: 3_000, longestMs: 15_000 };

/** A number that was as it should be is not doubted for a request that failed once or twice. */
const failuresUntilDoubt = 3;

export interface ProgrammerOptions {
  readonly kubernetes: Kubernetes;
  readonly index: ChannelIndex;
  readonly locks: NumberLocks;
  readonly accounts: Accounts;
  readonly credentials: CredentialsReader;
  readonly connect: ConnectProvider;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly checkMs: number;
  readonly random: () => number;
}

/** What came of a look at a number. */
export interface Looked {
  /** Undefined while nothing is known that was not known before. */
  readonly verdict: ProgrammingVerdict | undefined;
  readonly againMs: number;
}

interface State {
  /** What the number should be; when that changes, everything begins anew. */
  readonly goal: string;
  /** Whether it was ever seen to be so. */
  isProgrammed: boolean;
  dueMs: number;
  failures: number;
  hasWaited: boolean;
  verdict: ProgrammingVerdict | undefined;
}

/** Sets numbers at their providers, and looks at them again now and then. */
export class Programmer {
  readonly #options: ProgrammerOptions;
  /** By `<namespace>/<name>`. */
  readonly #states = new Map<string, State>();

  constructor(options: ProgrammerOptions) {
    this.#options = options;
  }

  /** Looks at the number of an accepted Channel, if it is time, and sets it if it is not as it should be. */
  async look(
    channel: Channel,
    target: Target,
    context: ReconcileContext,
  ): Promise<Looked> {
    const { clock, credentials, accounts } = this.#options;
    const state = this.#stateOf(channel, target);
    const nowMs = clock.monotonicMs();
    if (nowMs < state.dueMs) return this.#later(channel, state);
    const found = await credentials.of(channel, target.kind);
    if (!found.ok)
      return this.#failed(state, missing(found.message), retryCredentials);
    const turn = accounts.turn(found.fingerprint, {
      isChange: !state.isProgrammed,
      hasWaited: state.hasWaited,
    });
    if (turn.kind === "refused")
      return this.#providerFailed(state, turn.error, turn.waitMs);
    state.hasWaited = turn.kind === "wait";
    if (turn.kind === "wait") {
      state.dueMs = nowMs + turn.waitMs;
      return this.#later(channel, state);
    }
    try {
      const isDone = await this.#options.locks.run(target, () =>
        this.#program(
          channel,
          target,
          state,
          this.#options.connect(found.credentials),
          context,
        ),
      );
      // It has changed meanwhile, which the cache will tell.
      return isDone
        ? this.#succeeded(state, target)
        : { verdict: undefined, againMs: retryUnreachable.firstMs };
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      accounts.failed(found.fingerprint, error);
      return this.#providerFailed(state, error, error.retryAfterMs ?? 0);
    }
  }

  /** The Channel has gone, or is not looked after for now: the next look is a first one. */
  forget(key: ObjectKey): void {
    this.#states.delete(keyText(key));
  }

  #stateOf(channel: Channel, target: Target): State {
    const key = keyText(channel.metadata);
    const goal = JSON.stringify([
      channel.metadata.uid,
      target.address,
      target.webhookAddress,
      channel.spec.credentialsSecretRef?.name,
    ]);
    const known = this.#states.get(key);
    if (known?.goal === goal) return known;
    const { clock, checkMs, random } = this.#options;
    const isProgrammed = wasProgrammed(channel, target);
    // A new operator does not look at thousands of numbers at once that were well a moment ago.
    const isWell =
      known === undefined &&
      isProgrammed &&
      currentCondition(channel, "Programmed")?.status === "True";
    const state: State = {
      goal,
      isProgrammed,
      dueMs: clock.monotonicMs() + (isWell ? random() * checkMs : 0),
      failures: 0,
      hasWaited: false,
      verdict: undefined,
    };
    this.#states.set(key, state);
    return state;
  }

  async #program(
    channel: Channel,
    target: Target,
    state: State,
    provider: ReturnType<ConnectProvider>,
    context: ReconcileContext,
  ): Promise<boolean> {
    const { kubernetes, index, events, logger } = this.#options;
    const fresh = await freshly(kubernetes, channel);
    // It has gone or goes: what was remembered is taken back, and nothing more is set.
    if (
      fresh === undefined ||
      fresh.metadata.deletionTimestamp !== undefined ||
      fresh.metadata.generation !== channel.metadata.generation
    )
      return false;
    const number = await provider.find(target.address, context.signal);
    const own = memoryOf(fresh);
    const step = decideProgramming({
      target,
      observed: number.settings,
      own,
      inherited: index.inheritanceOf(target, fresh),
      wasProgrammed: state.isProgrammed,
    });
    const memory = step.remember ?? own;
    const isKept = fresh.metadata.finalizers.includes(providerFinalizer);
    if (step.remember !== undefined || !isKept)
      await remember(kubernetes, fresh, memory, context);
    if (Object.keys(step.write).length > 0) {
      context.assertLeader();
      await provider.write(number, step.write, context.signal);
    }
    if (step.event === undefined) return true;
    logger.info(
      { channel: keyText(channel.metadata), reason: step.event.reason },
      "a number was set at its provider",
    );
    events.record(channel, step.event);
    return true;
  }

  /** It is not time: what was known holds. */
  #later(channel: Channel, state: State): Looked {
    return {
      verdict: state.verdict ?? programmingVerdictOf(channel),
      againMs: Math.max(1, state.dueMs - this.#options.clock.monotonicMs()),
    };
  }

  #succeeded(state: State, target: Target): Looked {
    const { clock, checkMs, random } = this.#options;
    const againMs = checkMs * (0.9 + random() * 0.2);
    state.isProgrammed = true;
    state.failures = 0;
    state.dueMs = clock.monotonicMs() + againMs;
    state.verdict = verdictOfSuccess(target);
    return { verdict: state.verdict, againMs };
  }

  #providerFailed(state: State, error: ProviderError, leastMs: number): Looked {
    const { reason } = error;
    const isDoubt =
      reason !== "ProviderUnreachable" ||
      !state.isProgrammed ||
      state.failures + 1 >= failuresUntilDoubt;
    return this.#failed(
      state,
      isDoubt ? verdictOfFailure(error, state.isProgrammed) : state.verdict,
      reason === "ProviderUnreachable"
        ? { ...retryUnreachable, leastMs }
        : reason === "CredentialsRejected"
          ? retryCredentials
          : retryRefused,
    );
  }

  #failed(
    state: State,
    verdict: ProgrammingVerdict | undefined,
    schedule: { firstMs: number; longestMs: number; leastMs?: number },
  ): Looked {
    const { clock, checkMs, random } = this.#options;
    state.failures += 1;
    state.hasWaited = false;
    state.verdict = verdict;
    const { firstMs, leastMs = 0 } = schedule;
    const longestMs = Math.min(schedule.longestMs, checkMs);
    const waitMs = backoffMs(state.failures, { firstMs, longestMs }, random());
    // Those who were all told to wait do not all come back at once.
    const afterWaitMs = leastMs === 0 ? 0 : leastMs + random() * firstMs;
    const againMs = Math.max(afterWaitMs, waitMs);
    state.dueMs = clock.monotonicMs() + againMs;
    return { verdict, againMs };
  }
}

function missing(message: string): ProgrammingVerdict {
  return { status: "False", reason: "CredentialsMissing", message };
}
