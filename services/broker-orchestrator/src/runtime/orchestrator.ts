import {
  createBatchConsumer,
  type BatchConsumer,
  type TakenEvent,
  type TopicName,
} from "@easymo/messaging";
import { identityOf, keysOf } from "../conversation/identity.js";
import type { Conversation } from "../conversation/state.js";
import type { ExecuteEffect } from "../effects/executor.js";
import type { Cause } from "../machine/draft.js";
import type { Effect, Outcome } from "../machine/effects.js";
import {
  applyEvent,
  applyOutcome,
  bury,
  isFollowed,
  type Transition,
} from "../machine/machine.js";
import { checkAcceptable } from "./acceptable.js";
import { Conversations, type Unfinished } from "./conversations.js";
import { EffectRunner } from "./effect-runner.js";
import { HandedOverError } from "./errors.js";
import {
  EventWork,
  isUntried,
  mayPass,
  workName,
  type EffectWork,
} from "./event-work.js";
import { Notices } from "./notices.js";
import type { OrchestratorOptions } from "./options.js";
import type { Situations } from "./situations.js";
import { leftOf, SweptWork } from "./swept-work.js";
import { Sweeper } from "./sweeper.js";

export const GROUP = "broker-orchestrator";

/** What it listens to. */
export const TOPICS: readonly TopicName[] = [
  "whatsapp.inbound",
  "voice.contact.events",
  "voice.sip.events",
  "voice.media.events",
];

const SWEEP_EVERY_MS = 15_000;

/**
 * Events in, conversations and effects out. An event's offset is committed when the conversation has it and everything
 * that follows from it is done, or is another topic's.
 */
export class Orchestrator {
  readonly #options: OrchestratorOptions;
  readonly #situations: Situations;
  readonly #conversations: Conversations;
  readonly #consumer: BatchConsumer;
  readonly #runner: EffectRunner;
  readonly #notices: Notices;
  readonly #sweeper: Sweeper;
  /** Emptied when it is over: a Map's old tables keep what was in them for long. */
  readonly #atWork = new Map<string, { work: EventWork | undefined }>();

  constructor(options: OrchestratorOptions) {
    const { bus, store, clock, logger, metrics, situations } = options;
    this.#options = options;
    this.#situations = situations;
    this.#notices = new Notices({ bus, clock });
    this.#conversations = new Conversations({
      store: store.versioned,
      ttlMs: options.conversationTtlMs,
      patienceMs: options.patienceMs,
      clock,
      logger,
      onBatch: () => this.#notices.flush(),
    });
    const execute: ExecuteEffect = options.execute((tenantId, home) =>
      this.#conversations.peek(tenantId, home),
    );
    this.#runner = new EffectRunner({ execute, clock, metrics });
    this.#sweeper = new Sweeper({
      tenants: () => situations.tenants(),
      unfinished: (tenantId, limit) =>
        this.#conversations.unfinished(tenantId, limit),
      resume: (found, signal) => this.#resume(found, signal),
      everyMs: Math.min(options.patienceMs / 2, SWEEP_EVERY_MS),
      clock,
      logger,
    });
    this.#consumer = createBatchConsumer({
      bus,
      group: GROUP,
      topics: TOPICS,
      retryDelaysMs: options.retryDelaysMs,
      stopTimeoutMs: options.stopTimeoutMs,
      logger,
      metrics,
      clock,
      check: (event) => checkAcceptable(event, situations, clock.now()),
      onEvents: (taken) => {
        for (const one of taken) this.#take(one);
      },
    });
  }

  async start(): Promise<void> {
    await this.#consumer.start();
    this.#sweeper.start();
  }

  pause(): void {
    this.#consumer.pause();
  }

  /** Finishes what was taken. */
  async stop(): Promise<void> {
    await Promise.all([this.#consumer.stop(), this.#sweeper.stop()]);
    this.#conversations.close();
  }

  #take(taken: TakenEvent): void {
    if (!isFollowed(taken.event.type)) {
      taken.done();
      return;
    }
    const identity = identityOf(taken.event, (tenantId, address) =>
      this.#situations.isOurs(tenantId, address),
    );
    if (identity.keys.length === 0) {
      // Of nobody, there is no conversation.
      taken.done();
      return;
    }
    const work = new EventWork(taken, identity, (one) => this.#finished(one));
    const atWork = this.#atWork.get(work.name)?.work;
    if (atWork !== undefined) {
      atWork.repeat(taken);
      return;
    }
    this.#atWork.set(work.name, { work });
    work.begin();
    this.#submitEvent(work);
  }

  /** @param work whose `begin` ends when the conversation has the event */
  #submitEvent(work: EventWork): void {
    const { event, identity } = work;
    this.#conversations.submit({
      tenantId: event.tenantId,
      keys: identity.keys,
      apply: (state) =>
        applyEvent(
          state,
          event,
          identity,
          this.#situations.of(event.tenantId, work.agent ?? state?.agent),
          work.cause,
        ),
      stored: (applied, home) => {
        if (applied !== undefined) {
          this.#notices.add(work, applied.state, home);
          this.#dispatch(work, applied.effects, applied.state, home);
        }
        work.end();
      },
    });
  }

  #dispatch(
    work: EffectWork,
    effects: readonly Effect[],
    state: Conversation,
    home: string,
  ): void {
    for (const effect of effects) {
      if (!work.beginEffect(effect.key)) continue;
      if (work.signal.aborted) {
        work.endEffect(effect.key, new HandedOverError());
        continue;
      }
      const about = { conversation: state, home, cause: work.cause };
      this.#runner.run(effect, about, work.signal).then(
        (outcome) => this.#submitOutcome(work, effect, outcome, home),
        (error: unknown) => work.endEffect(effect.key, error),
      );
    }
  }

  #submitOutcome(
    work: EffectWork,
    effect: Effect,
    outcome: Outcome,
    home: string,
  ): void {
    const { tenantId, agent, cause } = work;
    this.#conversations.submit({
      tenantId,
      keys: [home],
      apply: (state) =>
        applyOutcome(
          state,
          effect,
          outcome,
          cause,
          this.#situations.of(tenantId, agent ?? state?.agent),
        ),
      stored: (applied, at) => {
        if (applied === undefined || applied.result === "lost") {
          // The store forgot: what the event leads to is found out again, under the same keys.
          if (work instanceof EventWork) {
            work.begin();
            this.#submitEvent(work);
          }
        } else {
          this.#dispatch(work, applied.effects, applied.state, at);
          if (outcome.kind === "lead") this.#join(applied.state);
        }
        work.endEffect(effect.key);
      },
    });
  }

  /** Does what was left of events that nobody is at here. */
  async #resume(
    { home, conversation }: Unfinished,
    signal: AbortSignal,
  ): Promise<void> {
    const { tenantId, outbox } = conversation;
    await Promise.all(
      leftOf(outbox)
        .filter(({ cause }) => !this.#atWork.has(workName(tenantId, cause.of)))
        .map(async ({ cause, effects }) => {
          const failure = await new Promise((finished) => {
            const work = new SweptWork({ tenantId, cause, signal, finished });
            this.#dispatch(work, effects, conversation, home);
          });
          if (failure !== undefined)
            this.#giveUp(failure, cause, tenantId, home);
        }),
    );
  }

  /** What may pass is tried again when the patience is over once more. */
  #giveUp(failure: unknown, { of }: Cause, tenantId: string, home: string) {
    const isOver = !mayPass(failure);
    this.#options.logger.warn(
      { err: failure, tenantId, isOver },
      "what was left undone failed again",
    );
    if (isOver)
      this.#conversations.submit({
        tenantId,
        keys: [home],
        apply: (state) =>
          state === undefined ? undefined : unchanged(bury(state, of)),
        stored: () => undefined,
      });
  }

  /** Everything that is known under the person's other names becomes one conversation. */
  #join({ tenantId, names }: Conversation): void {
    const keys = keysOf(names);
    if (keys.length < 2) return;
    this.#conversations.submit({
      tenantId,
      keys,
      apply: (state) => (state === undefined ? undefined : unchanged(state)),
      stored: () => undefined,
    });
  }

  #finished(work: EventWork): void {
    const { failure, taken } = work;
    const atWork = this.#atWork.get(work.name);
    if (atWork !== undefined) atWork.work = undefined;
    this.#atWork.delete(work.name);
    // The partition of the first may be someone else's now, that of a repeat this one's: it takes its own way.
    for (const repeat of work.repeats)
      if (taken.signal.aborted) this.#take(repeat);
      else repeat.done("duplicate");
    if (failure === undefined) {
      taken.done();
      return;
    }
    const kind = { untried: isUntried(failure) };
    if (taken.next(failure, kind) === "retry" || taken.signal.aborted) {
      void taken.fail(failure, kind);
      return;
    }
    this.#conversations.submit({
      tenantId: work.event.tenantId,
      keys: work.identity.keys,
      apply: (state) =>
        state === undefined ? undefined : unchanged(bury(state, work.cause.of)),
      stored: () => void taken.fail(failure, kind),
    });
  }
}

/** A step from which nothing follows. */
function unchanged(state: Conversation): Transition {
  return { state, effects: [], result: "applied" };
}
